# La console.
console-nav-situation = Situation
console-nav-estimate = Estimation
console-nav-sources = Sources
console-nav-audit = Journal
console-sign-out = Se déconnecter
console-signed-in = Connecté en tant que { $name }.

login-title = Se connecter
login-login = Identifiant
login-password = Mot de passe
login-button = Se connecter
login-wrong = L’identifiant ou le mot de passe est faux.
login-again = Votre session est terminée. Connectez-vous pour continuer ; rien n’a été fait.
login-too-many = Trop de tentatives. Attendez une minute, puis réessayez.

setup-title = Le premier administrateur
setup-intro = Ce lien sert une seule fois. La personne qui l’utilise peut diffuser et arrêter des alertes ici : faites-le maintenant.
setup-login = Identifiant (pour vous connecter)
setup-login-help = 2 à 64 lettres minuscules, chiffres, points, traits d’union ou tirets bas.
setup-name = Votre nom (il figure dans le journal)
setup-password = Mot de passe
setup-password-help = Au moins 12 caractères. Une phrase de quelques mots convient bien.
setup-repeat = Le même mot de passe encore une fois
setup-button = Créer l’administrateur
setup-bad-login = L’identifiant doit avoir 2 à 64 lettres minuscules, chiffres, points, traits d’union ou tirets bas.
setup-bad-name = Donnez un nom de 1 à 100 caractères.
setup-short = Le mot de passe doit avoir au moins 12 caractères.
setup-long = Le mot de passe est trop long.
setup-differ = Les deux mots de passe ne sont pas identiques.
setup-used = Ce lien a déjà servi ou a été remplacé. Connectez-vous, ou redémarrez le service pour obtenir un nouveau lien s’il n’y a pas encore d’administrateur.
setup-done = L’administrateur est créé. Connectez-vous.

situation-title = Situation
situation-held = En attente d’une décision
situation-held-none = Rien n’attend de décision.
situation-active = En cours de diffusion
situation-active-none = Rien n’est en cours de diffusion.
situation-recent = Récemment
situation-recent-none = Aucune alerte n’est encore arrivée.
situation-health = État du service
health-subscribers = Personnes inscrites
health-subscribers-value = { $count ->
    [one] { $count } personne
   *[other] { $count } personnes
  }
health-database = Base de données
health-database-ok = répond
health-database-bad = ne répond pas
health-audience = Qui est où
health-audience-ok = à jour avec la base
health-audience-bad = illisible : les alertes attendent
health-proof = Index comparé à la base
health-proof-ok = ils concordent
health-proof-areas = les nouveaux territoires sont illisibles, les précédents servent : prévenez l’exploitant
health-proof-bad = ils divergent : prévenez l’exploitant
health-paused = { $origin } refuse nos identifiants ou nos réglages. Rien n’est perdu : les personnes concernées attendent et seront prévenues automatiquement dès qu’ils seront corrigés. Prévenez la personne qui exploite ce service.
health-alarm = L’index d’un nœud (qui est où) a divergé de la base le { $time }. Tout a été relu. Des alertes envoyées avant ont pu manquer des personnes : prévenez l’exploitant de ce service.
health-since = Ce nœud tourne depuis
health-last = Dernière alerte reçue
health-never = aucune
health-clock = L’heure des alertes est décalée pour un essai : il est { $time }.

row-accepted = Acceptées par les services de push : { $count } sur { $total }

broadcast-state-held = Attend une personne
broadcast-state-approved = Sur le point de partir
broadcast-state-sending = En cours de diffusion
broadcast-state-done = Diffusée
broadcast-state-halted = Arrêtée
broadcast-state-expired = Terminée avant d’avoir atteint tout le monde
broadcast-state-filed = Classée, n’atteint personne
broadcast-state-refused = Refusée

broadcast-reason-key-holds = La clé qui l’a envoyée attend une personne.
broadcast-reason-key-files = La clé qui l’a envoyée ne fait que classer ses alertes.
broadcast-reason-foreign-sender = La clé qui l’a envoyée ne peut pas parler pour cet émetteur. Demandez-lui avant de diffuser.
broadcast-reason-foreign-chain = Elle change ou annule l’alerte d’un autre émetteur. Demandez aux deux avant de diffuser.
broadcast-reason-signature = Elle n’est pas signée par la clé enregistrée pour son émetteur. Demandez-lui avant de diffuser.
broadcast-reason-no-area = Rien ne dit où elle s’applique, elle n’atteint donc personne.
broadcast-reason-unknown-area = On ne sait pas ici où elle s’applique : aucun de ses codes de zone n’est chargé. Chargez les zones, puis diffusez-la.
broadcast-reason-not-actual = Son statut est System ou Draft, elle n’atteint donc personne.
broadcast-reason-not-public = Elle n’est pas destinée au public.
broadcast-reason-expired = Elle était déjà terminée à son arrivée.
broadcast-reason-no-info = Elle ne dit rien, elle n’atteint donc personne.
broadcast-reason-not-for-people = Elle répond à d’autres systèmes et ne s’adresse pas aux personnes.
broadcast-reason-superseded = Un message plus récent ou une annulation est arrivé avant elle.
broadcast-reason-nothing-to-cancel = Ce qu’elle annule n’a jamais sonné ici.

held-cancel = Une annulation attend. Tant qu’elle attend, l’alarme qu’elle doit terminer continue.
tier = Degré d’urgence
tier-P0 = P0, passe avant tout
tier-P1 = P1, urgente
tier-P2 = P2, normale
tier-P3 = P3, silencieuse

console-alert-back = Retour à la situation
console-alert-page = Page publique
console-alert-original-xml = Original (XML)
console-alert-facts = À son sujet
console-alert-sender = Émetteur
console-alert-identifier = Identifiant
console-alert-sent = Émise
console-alert-received = Arrivée ici
console-alert-expires = Valable jusqu’au
console-alert-key = Envoyée avec la clé
console-alert-key-test = clé d’essai
console-alert-key-gone = une clé qui n’est plus connue
console-alert-owner = Propriétaire de la clé
console-alert-copy-of = Copie de (qui est atteint par elle ne l’est pas une seconde fois)
console-alert-replies = Ce que d’autres systèmes ont répondu
console-alert-reply-unvouched = la clé qui l’a envoyée ne peut pas parler au nom de cet émetteur
console-alert-messages = Ce que voient les gens
console-alert-notification = Notification, { $language }
console-alert-notification-discreet = Avec le mode « discret », on voit seulement :
console-alert-full = Le texte entier, { $language }
console-alert-area = Où
console-alert-area-none = Ni polygone ni cercle : elle n’atteint personne.
console-alert-map = Carte de la zone de l’alerte
console-alert-bounds = Entre { $south } et { $north } nord, { $west } et { $east } est.
console-alert-unknown-codes = Ces codes de zone ne sont pas connus ici : ils n’atteignent personne.
console-alert-unknown-codes-mend = Faites charger les zones de ces nomenclatures ; tous ceux qui s’y trouvent seront alors atteints :
console-alert-audience = Qui elle atteint
console-alert-inside = Dans la zone
console-alert-near = À proximité, ou déjà atteints pour cet événement
console-alert-estimate-note = Compté maintenant, parmi les personnes inscrites. Ce n’est pas la population : qui n’est pas inscrit n’est pas atteint.
console-alert-drill-note = Un exercice : seules les personnes qui ont demandé les exercices le reçoivent.
console-alert-planned-note = Compté au moment de la diffusion.
console-alert-findings = Ce qui a été trouvé dans le document
console-alert-findings-none = Rien : le document est conforme.
console-alert-finding-repaired = réparé
console-alert-findings-lost = Les constats ne peuvent plus être lus.

ledger-title = Qui l’a reçue
ledger-targeted = À atteindre
ledger-accepted = Acceptées par les services de push
ledger-waiting = En attente
ledger-gone = Appareil disparu
ledger-rejected = Refusées par le service de push
ledger-expired = Trop tard
ledger-stopped = Arrêtées avant l’envoi
ledger-withdrawn = Désinscrites avant l’envoi
ledger-note = Acceptée veut dire qu’un service de push l’a prise. Cela ne dit pas que quelqu’un l’a vue.
ledger-held = Dont retenues jusqu’au matin
ledger-share = { $count } ({ $percent } %)
ledger-devices-title = Ce que les appareils ont dit
ledger-displayed = Affichées, sur les appareils qui l’ont dit
ledger-opened = Ouvertes
ledger-not_relevant = « Cela ne me concerne pas »
ledger-silent = Appareils qui peuvent se taire
ledger-devices-note = Chaque personne compte une fois. La part des affichées se rapporte aux acceptées dont l’appareil peut le dire : Safari affiche une alerte sans nous le dire, et une application ne le dit que si elle est faite pour. Personne ici ne voit de qui il s’agit.
ledger-speed-title = Temps depuis la réception
ledger-speed-50 = La moitié en
ledger-speed-95 = 95 % en
ledger-speed-99 = 99 % en
ledger-speed-accepted = Acceptées par les services de push
ledger-speed-displayed = Affichées, selon les appareils
ledger-speed-note = Compté depuis l’arrivée de l’alerte : l’attente d’une personne y est comprise. Jamais annoncé trop court.
ledger-parts-title = Par canal et par niveau
ledger-part-targeted = À atteindre
ledger-part-accepted = Acceptées
ledger-part-waiting = En attente
ledger-part-missed = Manquées
ledger-channel-webpush = Web Push
ledger-channel-apns = Appareils Apple (APNs)
ledger-channel-fcm = Appareils Android (FCM)
ledger-channel-none = Plus d’abonnement
duration-seconds = { $count } s
duration-minutes = { $count } min
duration-hours = { $count } h
ledger-live = Se met à jour tout seul
ledger-reload = Recharger
ledger-none = Elle n’a pas été diffusée.

act-release = Diffuser
act-refuse = Refuser
act-stop = Arrêter
act-own = La clé qui a envoyé cette alerte est la vôtre : une autre personne doit la diffuser. Vous pouvez la refuser.
act-cancel = Ne pas le faire, revenir

release-title = Diffuser cette alerte ?
release-cancel-title = Diffuser cette annulation ?
release-what = Ceci sonne maintenant :
release-where = Où
release-who = Pour combien
release-people = { $count ->
    [0] Personne n’y est atteint en ce moment.
    [one] { $count } appareil sonne.
   *[other] { $count } appareils sonnent.
  }
release-people-cancel = { $count ->
    [0] Personne n’a été atteint pour cet événement.
    [one] { $count } appareil déjà atteint apprend que c’est fini.
   *[other] { $count } appareils déjà atteints apprennent que c’est fini.
  }
release-final = Une notification partie ne peut pas être rappelée. Vous pouvez arrêter la suite.
release-type = Tapez { $word } pour confirmer
release-word = SONNER
release-word-wrong = Tapez le mot { $word } pour confirmer. Rien n’est parti.
release-check = J’ai lu le texte et la zone, et ils sont justes.
release-unchecked = Cochez la case pour confirmer. Rien n’est parti.
release-button = Diffuser maintenant
refuse-title = Refuser cette alerte ?
refuse-means = Elle ne sonnera jamais. L’intégrateur peut en envoyer une corrigée.
refuse-cancel-means = L’annulation est écartée : l’alarme qu’elle aurait terminée continue.
refuse-reason = Pourquoi (cela figure dans le journal)
refuse-reason-missing = Donnez une raison. Rien n’a été refusé.
refuse-button = Refuser pour de bon
stop-title = Arrêter cette diffusion ?
stop-means = Plus rien ne part. Ceux qui l’ont déjà la gardent : envoyez une annulation (Cancel) pour leur dire que c’est fini.
stop-button = Arrêter maintenant

done-released = Diffusée. Elle sonne maintenant.
done-refused = Refusée. Elle ne sonnera jamais.
done-stopped = Arrêtée. Plus rien ne part.

audit-title = Journal
audit-intro = Chaque acte qui change quelque chose, le plus récent d’abord. On ne fait qu’ajouter des lignes.
audit-when = Quand
audit-who = Qui
audit-what = Quoi
audit-subject = À propos de
audit-none = Rien pour l’instant.
audit-older = Plus anciens
audit-system = le service
audit-key = clé { $name }

sources-title = Sources
sources-intro = Les clés qui envoient des alertes, et ce qui a été relevé dans leurs envois des { $days } derniers jours. Qui tient un flux peut lire la même chose avec sa clé : GET /api/v1/repairs.
sources-none = Il n’y a pas encore de clé.
sources-any-sender = n’importe quel émetteur
sources-speaks-for = Parle pour : { $senders }.
sources-action-ring = Ses alertes partent d’elles-mêmes.
sources-action-hold = Ses alertes attendent une personne.
sources-action-file = Ses alertes sont seulement classées.
sources-taken = { $count ->
    [0] Aucune alerte acceptée,
    [one] { $count } alerte acceptée,
   *[other] { $count } alertes acceptées,
}
sources-refused = { $count ->
    [0] aucune refusée.
    [one] { $count } refusée.
   *[other] { $count } refusées.
}
sources-clean = Rien n’y a été relevé.
sources-documents = { $count ->
    [one] dans { $count } alerte
   *[other] dans { $count } alertes
}
sources-last = Dernière fois
sources-line = ligne { $line }
sources-level-error = erreur, refusée
sources-level-mended = erreur, réparée ici
sources-level-warning = avertissement
sources-level-note = remarque

console-error-title = Cela n’a pas marché
console-error-own-alert = La clé qui a envoyé cette alerte est la vôtre : une autre personne doit la diffuser.
console-error-wrong-state = Quelqu’un a été plus rapide, ou elle s’est terminée : ce n’est plus possible.
console-error-reaches-nobody = Diffusée maintenant, elle n’atteindrait personne. Regardez son état et sa zone.
console-error-not-found = Il n’y a rien ici.
console-error-forbidden = Ce n’est pas permis.
console-error-cross-site = La demande venait d’un autre site et n’a pas été exécutée. Rouvrez la page ici et recommencez.
console-error-too-many-requests = Trop de tentatives. Attendez une minute.
console-error-malformed = Le formulaire n’a pas pu être lu.
console-error-other = Quelque chose s’est mal passé. On ne sait pas si quelque chose a été fait : regardez l’état avant de recommencer.
console-error-reference = La personne qui exploite ce service le trouve dans le journal technique sous { $reference }.

estimate-title = Qui serait prévenu ?
estimate-intro = Dessinez une zone ou saisissez-la, et voyez combien de personnes inscrites s’y trouvent. Rien n’est enregistré et personne n’est prévenu.
estimate-reached = Seraient prévenues
estimate-inside = Dans la zone
estimate-near = À proximité
estimate-people = { $count ->
    [one] environ { $count } personne
   *[other] environ { $count } personnes
}
estimate-few = moins de { $count }
estimate-number = { $count }
estimate-languages = Langue qu’elles lisent le mieux
estimate-channels = Par quelle voie
estimate-channel-webpush = Web Push
estimate-channel-apns = Appareils Apple (APNs)
estimate-channel-fcm = Appareils Android (FCM)
estimate-others = autres, ensemble
estimate-language-none = non indiquée
estimate-note = Arrondi à la dizaine inférieure. Les langues et canaux de peu de personnes sont réunis, et ce qui est indiqué par « moins de » n’y figure pas. Trouvé en { $ms } ms. Ce n’est pas la population : qui ne s’est pas inscrit n’est pas prévenu.
estimate-map = Carte où dessiner la zone
estimate-map-help = Cliquez l’un après l’autre les sommets d’un polygone, ou le centre d’un cercle. Le dessin s’inscrit dans les champs ci-dessous.
estimate-map-failed = La carte ne peut pas être affichée. Saisissez la zone ci-dessous.
estimate-draw-polygon = Dessiner un polygone
estimate-draw-circle = Placer un cercle
estimate-draw-next = Polygone suivant
estimate-draw-undo = Revenir en arrière
estimate-polygons = Polygones
estimate-polygons-help = Un par ligne, comme dans CAP : latitude,longitude de chaque sommet, séparés par des espaces : 50.6,3.0 50.7,3.0 50.7,3.2
estimate-circles = Cercles
estimate-circles-help = Un par ligne : latitude,longitude du centre, une espace, le rayon en kilomètres : 50.63,3.06 5
estimate-family = De quoi il s’agit
estimate-everyone = Tout : chacun dans la zone
estimate-severity = Gravité
estimate-drill = Un exercice : seulement qui a demandé à en recevoir
estimate-ask = Qui serait prévenu ?
estimate-nowhere = Dessinez d’abord une zone, ou saisissez un polygone, un cercle ou une zone nommée.
estimate-bad-polygon = La ligne { $line } des polygones est illisible. Il faut au moins trois sommets, la latitude d’abord : 50.6,3.0 50.7,3.0 50.7,3.2
estimate-bad-circle = La ligne { $line } des cercles est illisible. Il faut un centre et un rayon en kilomètres : 50.63,3.06 5
estimate-share = environ { $percent } %
estimate-population = De la population
estimate-unknown = Inconnus ici : { $codes }. Personne n’est prévenu par ces codes. Importez les zones, ou vérifiez les codes.
estimate-geocodes = Zones nommées
estimate-geocodes-help = Une par ligne : la nomenclature, une espace, le code : INSEE 59350
estimate-bad-geocode = La ligne { $line } des zones nommées est illisible. Il faut une nomenclature, une espace et un code : INSEE 59350
