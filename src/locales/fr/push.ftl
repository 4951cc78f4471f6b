# Ce que disent les notifications en plus des mots de l’alerte.
push-update = MISE À JOUR : { $title }
push-cancelled = ANNULÉ : { $title }
push-over = FIN D’ALERTE : { $title }
# Une annulation dont on ne sait pas plus.
push-withdrawn = L’émetteur de cette alerte l’a retirée.
push-earlier-warning = Une alerte précédente
push-exercise = EXERCICE : { $title }
push-test = TEST : { $title }

# Pour qui a choisi que rien ne montre de quoi il s’agit.
push-discreet-title = Un message pour vous
push-discreet-body = Ouvrez-le pour le lire.

# Que faire, quand l’émetteur a donné un code et pas de mots.
push-respond-Shelter = Mettez-vous à l’abri.
push-respond-Evacuate = Quittez la zone.
push-respond-Prepare = Préparez-vous.
push-respond-Execute = Faites ce qui a été prévu pour ce cas.
push-respond-Avoid = Éloignez-vous.
push-respond-Monitor = Tenez-vous informé.
push-respond-AllClear = Le danger est passé.
push-respond-None = Vous n’avez rien à faire.
