# What notifications say besides the alert's own words.
push-update = UPDATE: { $title }
push-cancelled = CANCELLED: { $title }
push-over = OVER: { $title }
# A Cancel of which no more is known.
push-withdrawn = Whoever sent this warning has withdrawn it.
push-earlier-warning = An earlier warning
push-exercise = EXERCISE: { $title }
push-test = TEST: { $title }

# For people who chose that nothing shows what it is about.
push-discreet-title = A message for you
push-discreet-body = Open it to read it.

# What to do, where the sender gave a code and no words.
push-respond-Shelter = Take shelter.
push-respond-Evacuate = Leave the area.
push-respond-Prepare = Get ready.
push-respond-Execute = Do what was agreed beforehand for this.
push-respond-Avoid = Stay away.
push-respond-Monitor = Keep yourself informed.
push-respond-AllClear = The danger is over.
push-respond-None = There is nothing you need to do.
