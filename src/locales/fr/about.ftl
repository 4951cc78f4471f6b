# Vie privée et accessibilité.
privacy-title = Vie privée
privacy-kept = Ce qui est conservé sur vous
privacy-kept-push = L’adresse de votre appareil auprès de son service de notifications (Google, Mozilla, Apple, Microsoft…) et la clé pour chiffrer vers lui. Les deux sont chiffrées dans notre base, sous une clé qui n’y est pas.
privacy-kept-place = Des carrés d’une grille fixe (150 m, 600 m ou 5 km, selon votre choix) et jusqu’où autour d’eux vous voulez être alerté ; des zones dessinées sur cette grille, d’au moins 16 carrés ; des noms de territoires, comme une commune ; et, seulement si vous la donnez, une altitude à 100 m près. Jamais une position exacte.
privacy-kept-choices = Vos choix : types d’alerte et gravité, langue, heures de repos avec votre fuseau horaire, exercices, discrétion, et quelle édition de ce texte vous avez acceptée et quand.
privacy-kept-ledger = Pour chaque alerte, si un service de notifications a pris le message pour votre appareil, afin que mises à jour et annulations parviennent à qui a reçu le premier message.
privacy-kept-receipts =
    { $days ->
        [one] Pour chaque alerte, si votre appareil l’a affichée, et si vous l’avez ouverte ou avez dit qu’elle ne vous concerne pas : pour que l’autorité sache combien de personnes elle a touchées, et en combien de temps. Elle ne voit que des nombres. De quels appareils il s’agit est gardé chiffré, et effacé un jour après la fin de l’alerte.
       *[other] Pour chaque alerte, si votre appareil l’a affichée, et si vous l’avez ouverte ou avez dit qu’elle ne vous concerne pas : pour que l’autorité sache combien de personnes elle a touchées, et en combien de temps. Elle ne voit que des nombres. De quels appareils il s’agit est gardé chiffré, et effacé { $days } jours après la fin de l’alerte.
    }
privacy-not = Ce qui n’est pas conservé
privacy-not-name = Ni nom, ni compte, ni courriel, ni numéro de téléphone. Aucune donnée de santé.
privacy-not-ip = Aucune adresse IP dans la base. Elles servent une minute, en mémoire, contre les abus.
privacy-not-track = Pas de publicité, pas de profil de ce que vous lisez, rien qui vienne d’autres sites, sauf si l’exploitant a configuré un serveur de cartes.
privacy-pseudonymous-title = Pseudonyme, pas anonyme
privacy-pseudonymous = Quelqu’un qui aurait l’adresse de notification de votre appareil et plusieurs de vos carrés pourrait vous distinguer. Les services de notifications savent que votre appareil a reçu un message de nous et quand, mais pas ce qu’il dit : il est chiffré pour votre appareil.
privacy-why-title = Pourquoi et combien de temps
privacy-why = La base est votre consentement. Ces données sont conservées jusqu’à ce que vous arrêtiez les alertes sur la page « Être alerté », ou que le service de notifications dise que l’adresse de votre appareil n’existe plus. Votre navigateur garde la clé de votre abonnement et, si vous en choisissez une, votre langue (un témoin nommé « lang »). Pendant une demi-heure après l’ouverture d’une notification, un témoin nommé « receipt » permet à cette seule page de recevoir votre réponse.
privacy-rights-title = Vos droits
privacy-rights = Vous pouvez tout voir, modifier et effacer sur la page « Être alerté » de cet appareil, tout de suite et sans demander à personne. Pour le reste, adressez-vous à l’exploitant de ce site ou à votre autorité de protection des données (en France, la CNIL).
privacy-what-title = Ce que Beffroi n’est pas
privacy-what = Il n’atteint que les personnes abonnées, dont l’appareil est allumé, connecté et autorise les notifications. Il ne remplace ni les alertes envoyées à tous les téléphones, ni les sirènes, ni le 112. « Envoyé » veut dire qu’un service de notifications a pris le message ; personne ne peut promettre qu’il a été vu.

access-title = Accessibilité
access-goal-title = Ce que nous visons
access-goal = Ces pages sont construites pour respecter les WCAG 2.2, niveau AA. Elles n’ont pas encore été auditées par un tiers : c’est une déclaration d’intention, pas un certificat.
access-works-title = Ce qui est fait pour cela
access-works-text = Chaque alerte est du texte : que faire, ce qui se passe, où et jusqu’à quand. La carte ne fait que compléter.
access-works-colour = La gravité est toujours un mot et une forme, en plus d’une couleur.
access-works-keyboard = Tout fonctionne au clavier ; la carte est doublée de boutons et de champs de coordonnées.
access-works-language = Le texte d’une alerte porte sa langue et son sens de lecture, pour que les lecteurs d’écran le prononcent bien.
access-works-small = Les pages tiennent sur 320 pixels de large, suivent votre réglage clair ou sombre, respectent la réduction des animations et s’impriment bien.
access-limits-title = Ce que l’on sait faible
access-limits-text = Les alertes sont écrites par d’autres. Elles peuvent être longues, techniques, ou n’exister que dans une langue.
access-limits-map = Le fond de carte est peu détaillé si l’exploitant n’a pas configuré de serveur de cartes.
access-tell-title = Dites-le nous
access-tell = Si quelque chose vous arrête, dites à l’exploitant de ce site ce que vous cherchiez à faire. En France, vous pouvez aussi saisir le Défenseur des droits.
