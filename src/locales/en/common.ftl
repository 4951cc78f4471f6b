# What every page has.
skip = Skip to the content
nav-label = Main menu
nav-alerts = Alerts
nav-subscribe = Be warned
nav-privacy = Privacy
nav-accessibility = Accessibility
foot-limits = Beffroi reaches only people who subscribed, on a device that is on, has a network and allows notifications. It does not replace sirens, official alerts on all phones, or emergency calls. In danger, call 112.
client-missing = The scripts of this page have not been built on this server, so this part does not work here. The person who runs it can build them with “npm run build”.

severity = Severity
severity-Extreme = Extreme
severity-Severe = Severe
severity-Moderate = Moderate
severity-Minor = Minor
severity-Unknown = Severity unknown

urgency = When
urgency-Immediate = Act now
urgency-Expected = Within the hour
urgency-Future = In the near future
urgency-Past = No longer
urgency-Unknown = Time unknown

certainty = Certainty
certainty-Observed = Observed
certainty-Likely = Likely
certainty-Possible = Possible
certainty-Unlikely = Unlikely
certainty-Unknown = Certainty unknown

status-Actual = Real
status-Exercise = Exercise
status-System = System
status-Test = Test
status-Draft = Draft

state-active = Active
state-updated = Replaced by a newer message
state-cancelled = Cancelled
state-ended = Ended

family-weather = Weather
family-outages = Power, water and network cuts
family-missing-persons = Missing persons
family-roads = Roads and transport
family-council = News from the council

moment = { $weekday } { $day } { $month } { $year } at { $time } ({ $zone })
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
