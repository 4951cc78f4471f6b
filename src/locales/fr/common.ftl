# Ce que toutes les pages ont en commun.
skip = Aller au contenu
nav-label = Menu principal
nav-alerts = Alertes
nav-subscribe = Être alerté
nav-privacy = Vie privée
nav-accessibility = Accessibilité
foot-limits = Beffroi n’atteint que les personnes abonnées, sur un appareil allumé, connecté et qui autorise les notifications. Il ne remplace ni les sirènes, ni les alertes officielles envoyées à tous les téléphones, ni les appels d’urgence. En cas de danger, appelez le 112.
client-missing = Les scripts de cette page n’ont pas été construits sur ce serveur : cette partie ne fonctionne donc pas ici. La personne qui l’exploite peut les construire avec « npm run build ».

severity = Gravité
severity-Extreme = Extrême
severity-Severe = Grave
severity-Moderate = Modérée
severity-Minor = Mineure
severity-Unknown = Gravité inconnue

urgency = Quand
urgency-Immediate = Agir tout de suite
urgency-Expected = Dans l’heure
urgency-Future = Prochainement
urgency-Past = N’est plus d’actualité
urgency-Unknown = Moment inconnu

certainty = Certitude
certainty-Observed = Observé
certainty-Likely = Probable
certainty-Possible = Possible
certainty-Unlikely = Peu probable
certainty-Unknown = Certitude inconnue

status-Actual = Réel
status-Exercise = Exercice
status-System = Système
status-Test = Essai
status-Draft = Brouillon

state-active = En cours
state-updated = Remplacée par un message plus récent
state-cancelled = Annulée
state-ended = Terminée

family-weather = Météo
family-outages = Coupures d’électricité, d’eau ou de réseau
family-missing-persons = Personnes disparues
family-roads = Routes et transports
family-council = Informations de la commune

moment = { $weekday } { $day } { $month } { $year } à { $time } ({ $zone })
weekday-1 = lundi
weekday-2 = mardi
weekday-3 = mercredi
weekday-4 = jeudi
weekday-5 = vendredi
weekday-6 = samedi
weekday-7 = dimanche
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
