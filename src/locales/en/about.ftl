# Privacy and accessibility.
privacy-title = Privacy
privacy-kept = What is kept about you
privacy-kept-push = The address of your device at its push service (Google, Mozilla, Apple, Microsoft…) and the key to encrypt for it. Both are encrypted in our database, under a key that is not in it.
privacy-kept-place = Squares of a fixed grid (150 m, 600 m or 5 km wide, as you choose) and how far around them you want to be warned; areas drawn on that grid, of at least 16 squares; names of areas, such as a town; and, only if you tell us, a height above the sea to 100 m. Never an exact position.
privacy-kept-choices = What you chose: kinds of alert and severity, language, quiet hours with your time zone, drills, discreet, and which edition of this text you agreed to and when.
privacy-kept-ledger = For each alert, whether a push service took the message for your device, so that updates and cancellations reach those who got the first message.
privacy-kept-receipts =
    { $days ->
        [one] For each alert, whether your device showed it, and whether you opened it or said that it is not about you: so that the authority knows how many people it reached, and how fast. It is shown numbers only. Which devices these were is kept encrypted, and erased one day after the alert has ended.
       *[other] For each alert, whether your device showed it, and whether you opened it or said that it is not about you: so that the authority knows how many people it reached, and how fast. It is shown numbers only. Which devices these were is kept encrypted, and erased { $days } days after the alert has ended.
    }
privacy-not = What is not kept
privacy-not-name = No name, account, e-mail or phone number. No health data.
privacy-not-ip = No IP addresses in the database. They are used in memory for a minute, to stop abuse.
privacy-not-track = No advertising, no profile of what you read, nothing loaded from other sites unless the operator set up a map server.
privacy-pseudonymous-title = Pseudonymous, not anonymous
privacy-pseudonymous = Somebody who has your device’s push address and several of your squares could single you out. Push services learn that your device got a message from us and when, but not what it says: it is encrypted for your device.
privacy-why-title = Why, and how long
privacy-why = The basis is your consent. It is kept until you stop the alerts on the page “Be warned”, or until the push service says that your device’s address no longer exists. Your browser keeps the key to your subscription and, if you choose one, your language (a cookie named “lang”). For half an hour after you open a notification, a cookie named “receipt” lets that one page take your answer.
privacy-rights-title = Your rights
privacy-rights = You can see, change and erase everything on the page “Be warned” of this device, at once and without asking anybody. For anything else, turn to whoever runs this site, or to your data protection authority.
privacy-what-title = What Beffroi is not
privacy-what = It reaches only those who subscribed, with a device that is on, a network and permission to notify. It replaces neither alerts to all phones, nor sirens, nor the emergency number 112. “Sent” means that a push service took the message; nobody can promise that it was seen.

access-title = Accessibility
access-goal-title = What we aim for
access-goal = These pages are built to meet WCAG 2.2, level AA. They have not been audited by a third party yet, so this is a statement of intent, not a certificate.
access-works-title = What is done for it
access-works-text = Every alert is text: what to do, what happens, where and until when. The map only adds to it.
access-works-colour = Severity is always a word and a shape as well as a colour.
access-works-keyboard = Everything works with the keyboard; the map has buttons and coordinate fields beside it.
access-works-language = The text of an alert carries its language and direction, so that screen readers pronounce it right.
access-works-small = Pages fit screens 320 pixels wide, follow your light or dark setting, respect reduced motion, and print well.
access-limits-title = What is known to be weak
access-limits-text = Alerts are written by others. They may be long, full of jargon, or exist in one language only.
access-limits-map = The background map has little detail unless the operator set up a map server.
access-tell-title = Tell us
access-tell = If something stands in your way, tell whoever runs this site, and what you were trying to do. In France you may also turn to the Défenseur des droits.
