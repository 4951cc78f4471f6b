# The console.
console-nav-situation = Situation
console-nav-estimate = Estimate
console-nav-sources = Sources
console-nav-audit = Log
console-sign-out = Sign out
console-signed-in = Signed in as { $name }.

login-title = Sign in
login-login = Login
login-password = Password
login-button = Sign in
login-wrong = The login or the password is wrong.
login-again = Your session has ended. Sign in to go on; nothing was done.
login-too-many = Too many attempts. Wait a minute, then try again.

setup-title = The first administrator
setup-intro = This link works once. Whoever uses it can release and stop alerts here, so do it now.
setup-login = Login (what you will sign in with)
setup-login-help = 2 to 64 lower-case letters, digits, dots, hyphens or underscores.
setup-name = Your name (it stands in the log)
setup-password = Password
setup-password-help = At least 12 characters. A sentence of a few words is good.
setup-repeat = The same password again
setup-button = Make the administrator
setup-bad-login = The login must have 2 to 64 lower-case letters, digits, dots, hyphens or underscores.
setup-bad-name = Give a name of 1 to 100 characters.
setup-short = The password needs at least 12 characters.
setup-long = The password is too long.
setup-differ = The two passwords are not the same.
setup-used = This link has been used or replaced. Sign in, or start the service again for a new link if there is no administrator yet.
setup-done = The administrator is made. Sign in.

situation-title = Situation
situation-held = Waiting for a decision
situation-held-none = Nothing waits for a decision.
situation-active = Being sent now
situation-active-none = Nothing is being sent.
situation-recent = Recent
situation-recent-none = No alert has come yet.
situation-health = Health
health-subscribers = People subscribed
health-subscribers-value = { $count ->
    [one] { $count } person
   *[other] { $count } people
  }
health-database = Database
health-database-ok = answers
health-database-bad = does not answer
health-audience = Who is where
health-audience-ok = in step with the database
health-audience-bad = cannot be read: alerts wait until it can
health-proof = Index compared with the database
health-proof-ok = they agree
health-proof-areas = new named areas cannot be read, those known before are used: tell who runs this service
health-proof-bad = they disagree: tell who runs this service
health-paused = { $origin } refuses our credentials or settings. Nothing is lost: whoever it refuses waits, and is warned without any further step as soon as they are mended. Tell whoever runs this service.
health-alarm = A node’s index of who is where disagreed with the database at { $time }. Everyone was read again. Alerts sent before may have missed people: tell who runs this service.
health-since = This node runs since
health-last = Last alert came
health-never = none yet
health-clock = Alert time is moved for a test: it is { $time }.

row-accepted = Accepted by push services: { $count } of { $total }

broadcast-state-held = Waits for a person
broadcast-state-approved = About to be sent
broadcast-state-sending = Being sent
broadcast-state-done = Sent
broadcast-state-halted = Stopped
broadcast-state-expired = Ended before everyone was reached
broadcast-state-filed = Filed, reaches nobody
broadcast-state-refused = Refused

broadcast-reason-key-holds = The key that posted it waits for a person.
broadcast-reason-key-files = The key that posted it only files its alerts.
broadcast-reason-foreign-sender = The key that posted it may not speak for this sender. Ask them before you release it.
broadcast-reason-foreign-chain = It changes or cancels an alert of another sender. Ask both before you release it.
broadcast-reason-signature = It is not signed by the key that is pinned for its sender. Ask the sender before you release it.
broadcast-reason-no-area = Nothing says where it applies, so it reaches nobody.
broadcast-reason-unknown-area = Nobody knows here where it applies: none of its area codes is loaded. Load the areas, then release it.
broadcast-reason-not-actual = Its status is System or Draft, so it reaches nobody.
broadcast-reason-not-public = It is not for the public.
broadcast-reason-expired = It had ended when it came.
broadcast-reason-no-info = It says nothing, so it reaches nobody.
broadcast-reason-not-for-people = It answers other systems and is not for people.
broadcast-reason-superseded = A newer message or a cancel came before it.
broadcast-reason-nothing-to-cancel = What it cancels never rang here.

held-cancel = A cancel waits. As long as it does, the alarm it would end goes on.
tier = Urgency tier
tier-P0 = P0, overtakes everything
tier-P1 = P1, urgent
tier-P2 = P2, normal
tier-P3 = P3, quiet

console-alert-back = Back to the situation
console-alert-page = Public page
console-alert-original-xml = Original (XML)
console-alert-facts = About it
console-alert-sender = Sender
console-alert-identifier = Identifier
console-alert-sent = Sent
console-alert-received = Came here
console-alert-expires = Valid until
console-alert-key = Posted with key
console-alert-key-test = test key
console-alert-key-gone = a key that is not known any more
console-alert-owner = The key's owner
console-alert-copy-of = Copy of (whom that reaches is not rung again)
console-alert-replies = What other systems answered
console-alert-reply-unvouched = the key that posted it may not speak for this sender
console-alert-messages = What people see
console-alert-notification = Notification, { $language }
console-alert-notification-discreet = With “discreet” switched on people see only:
console-alert-full = The whole text, { $language }
console-alert-area = Where
console-alert-area-none = No polygon or circle: this reaches nobody.
console-alert-map = Map of the alert's area
console-alert-bounds = Between { $south } and { $north } north, { $west } and { $east } east.
console-alert-unknown-codes = These area codes are not known here: nobody is reached by them.
console-alert-unknown-codes-mend = Have the areas of these schemes loaded; then everyone in them is reached:
console-alert-audience = Who it reaches
console-alert-inside = In the area
console-alert-near = Near it, or reached before by this event
console-alert-estimate-note = Counted now, of the people who subscribed. It is not the population: whoever did not subscribe is not reached.
console-alert-drill-note = A drill: only people who asked for drills get it.
console-alert-planned-note = Counted when it was sent.
console-alert-findings = What was found in the document
console-alert-findings-none = Nothing: the document conforms.
console-alert-finding-repaired = mended
console-alert-findings-lost = The findings cannot be read any more.

ledger-title = Who got it
ledger-targeted = To be reached
ledger-accepted = Accepted by push services
ledger-waiting = Waiting
ledger-gone = Device gone
ledger-rejected = Refused by the push service
ledger-expired = Too late
ledger-stopped = Stopped before sending
ledger-withdrawn = Unsubscribed before sending
ledger-note = Accepted means a push service took it. It does not mean that anyone saw it.
ledger-held = Of these, held until morning
ledger-share = { $count } ({ $percent }%)
ledger-devices-title = What devices told
ledger-displayed = Shown, on devices that told us
ledger-opened = Opened
ledger-not_relevant = “This is not about me”
ledger-silent = Devices that may not tell
ledger-devices-note = Each person counts once. Shares of those shown are of the accepted whose devices can tell: Safari shows an alert without telling us, and an app tells only if it was built to. Nobody here sees who it was.
ledger-speed-title = Time since it was received
ledger-speed-50 = Half within
ledger-speed-95 = 95% within
ledger-speed-99 = 99% within
ledger-speed-accepted = Accepted by push services
ledger-speed-displayed = Shown, as devices told
ledger-speed-note = Counted from the moment the alert came, so a wait for a person is in it. Never told too short.
ledger-parts-title = By channel and tier
ledger-part-targeted = To reach
ledger-part-accepted = Accepted
ledger-part-waiting = Waiting
ledger-part-missed = Missed
ledger-channel-webpush = Web Push
ledger-channel-apns = Apple devices (APNs)
ledger-channel-fcm = Android devices (FCM)
ledger-channel-none = No subscription any more
duration-seconds = { $count } s
duration-minutes = { $count } min
duration-hours = { $count } h
ledger-live = Updates by itself
ledger-reload = Reload
ledger-none = It has not been sent.

act-release = Release
act-refuse = Refuse
act-stop = Stop
act-own = You own the key that posted this alert, so another person must release it. You may refuse it.
act-cancel = Do not, go back

release-title = Release this alert?
release-cancel-title = Release this cancel?
release-what = This rings now:
release-where = Where
release-who = For how many
release-people = { $count ->
    [0] Nobody is reached there now.
    [one] { $count } device rings.
   *[other] { $count } devices ring.
  }
release-people-cancel = { $count ->
    [0] Nobody was reached by this event.
    [one] { $count } device that was reached before is told that it is over.
   *[other] { $count } devices that were reached before are told that it is over.
  }
release-final = A notification that has left cannot be called back. You can stop the rest.
release-type = Type { $word } to confirm
release-word = RING
release-word-wrong = Type the word { $word } to confirm. Nothing was sent.
release-check = I have read the text and the area, and they are right.
release-unchecked = Tick the box to confirm. Nothing was sent.
release-button = Release now
refuse-title = Refuse this alert?
refuse-means = It will never ring. The integrator can post a corrected one.
refuse-cancel-means = The cancel is dropped: the alarm it would have ended goes on.
refuse-reason = Why (it stands in the log)
refuse-reason-missing = Give a reason. Nothing was refused.
refuse-button = Refuse for good
stop-title = Stop this broadcast?
stop-means = Nothing more of it leaves. Those who have it already keep it: post a Cancel to tell them that it is over.
stop-button = Stop now

done-released = Released. It rings now.
done-refused = Refused. It will never ring.
done-stopped = Stopped. Nothing more of it leaves.

audit-title = Log
audit-intro = Every act that changes something, newest first. Lines are only ever added.
audit-when = When
audit-who = Who
audit-what = What
audit-subject = About
audit-none = Nothing yet.
audit-older = Older
audit-system = the service
audit-key = key { $name }

sources-title = Sources
sources-intro = The keys that post alerts, and what was found in what they posted in the last { $days } days. Whoever runs a feed can read the same with its key: GET /api/v1/repairs.
sources-none = There is no key yet.
sources-any-sender = any sender
sources-speaks-for = Speaks for: { $senders }.
sources-action-ring = Its alerts ring by themselves.
sources-action-hold = Its alerts wait for a person.
sources-action-file = Its alerts are only filed.
sources-taken = { $count ->
    [0] No alert was taken,
    [one] { $count } alert was taken,
   *[other] { $count } alerts were taken,
}
sources-refused = { $count ->
    [0] none was refused.
    [one] { $count } was refused.
   *[other] { $count } were refused.
}
sources-clean = Nothing was found in them.
sources-documents = { $count ->
    [one] in { $count } alert
   *[other] in { $count } alerts
}
sources-last = Last
sources-line = line { $line }
sources-level-error = error, refused
sources-level-mended = error, mended here
sources-level-warning = warning
sources-level-note = note

console-error-title = This did not work
console-error-own-alert = You own the key that posted this alert, so another person must release it.
console-error-wrong-state = Someone was quicker, or it came to an end: this is not possible any more.
console-error-reaches-nobody = Released now it would reach nobody. Look at its state and its area.
console-error-not-found = There is nothing here.
console-error-forbidden = This is not allowed.
console-error-cross-site = The request came from another site and was not carried out. Open the page again here and repeat it.
console-error-too-many-requests = Too many attempts. Wait a minute.
console-error-malformed = The form could not be read.
console-error-other = Something went wrong. Nothing is known to have been done: look at the state before you try again.
console-error-reference = The person who runs this service finds it in the log under { $reference }.

estimate-title = Whom would it reach?
estimate-intro = Draw an area or type it, and see how many of those who subscribed are there. Nothing is stored and nobody is told.
estimate-reached = It would reach
estimate-inside = In the area
estimate-near = Near it
estimate-people = { $count ->
    [one] about { $count } person
   *[other] about { $count } people
}
estimate-few = fewer than { $count }
estimate-number = { $count }
estimate-languages = Language they read best
estimate-channels = Through
estimate-channel-webpush = Web Push
estimate-channel-apns = Apple devices (APNs)
estimate-channel-fcm = Android devices (FCM)
estimate-others = others, together
estimate-language-none = not told
estimate-note = Rounded down to tens. Languages and channels of few people are put together, and what is told as “fewer” is not in them. Found in { $ms } ms. It is not the population: whoever did not subscribe is not reached.
estimate-map = Map to draw the area on
estimate-map-help = Click the corners of a polygon one after the other, or the centre of a circle. What is drawn stands in the fields below.
estimate-map-failed = The map cannot be shown. Type the area below.
estimate-draw-polygon = Draw a polygon
estimate-draw-circle = Place a circle
estimate-draw-next = Next polygon
estimate-draw-undo = Take back
estimate-polygons = Polygons
estimate-polygons-help = One a line, as CAP writes them: latitude,longitude of each corner, with spaces between: 50.6,3.0 50.7,3.0 50.7,3.2
estimate-circles = Circles
estimate-circles-help = One a line: latitude,longitude of the centre, a space, the radius in kilometres: 50.63,3.06 5
estimate-family = What it is about
estimate-everyone = Anything: everyone in the area
estimate-severity = Severity
estimate-drill = A drill: only those who asked for drills
estimate-ask = Whom would it reach?
estimate-nowhere = Draw an area first, or type a polygon, a circle or a named area.
estimate-bad-polygon = Line { $line } of the polygons cannot be read. It needs at least three corners, latitude first: 50.6,3.0 50.7,3.0 50.7,3.2
estimate-bad-circle = Line { $line } of the circles cannot be read. It needs a centre and a radius in kilometres: 50.63,3.06 5
estimate-share = about { $percent } % of it
estimate-population = Of the population
estimate-unknown = Not known here: { $codes }. Nobody is reached by them. Import the areas, or look at the codes.
estimate-geocodes = Named areas
estimate-geocodes-help = One a line: the scheme, a space, the code: INSEE 59350
estimate-bad-geocode = Line { $line } of the named areas cannot be read. It needs a scheme, a space and a code: INSEE 59350
