"""pywebpush as a sender: CPU time of all pushes to the subscriptions of a file, with one session.

    push_python.py SUBSCRIPTIONS.json CA_FILE
"""

import json
import sys
import time

import requests
from py_vapid import Vapid
from pywebpush import webpush

subscriptions_file, ca_file = sys.argv[1:]
with open(subscriptions_file, encoding="utf-8") as file:
    subscriptions = json.load(file)
vapid = Vapid()
vapid.generate_keys()
payload = json.dumps({"web_push": 8030, "notification": {"title": "A bench", "body": "x" * 700}})
with requests.Session() as session:
    session.verify = ca_file
    session.trust_env = False
    before = time.process_time()
    for subscription in subscriptions:
        webpush(
            subscription,
            data=payload,
            vapid_private_key=vapid,
            vapid_claims={"sub": "mailto:bench@example.org"},
            ttl=3600,
            headers={"Topic": "bench", "Urgency": "low"},
            requests_session=session,
        )
    print(json.dumps({"cpu_us": (time.process_time() - before) * 1e6}))
