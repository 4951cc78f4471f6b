"""Push clients that are not ours, sent at the sandbox: pywebpush, aioapns and google-auth. Each says what it read in the
answers, as JSON, one line a client.

    push_clients.py ORIGIN CA_FILE WHAT.json
"""

import asyncio
import json
import ssl
import sys
from urllib.parse import urlsplit

import requests
from aioapns import APNs, NotificationRequest, PushType
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TTL_S = 3600

origin, ca_file, what_file = sys.argv[1:]
with open(what_file, encoding="utf-8") as file:
    what = json.load(file)


def say(client, answers):
    print(json.dumps({"client": client, "answers": answers}), flush=True)


def session():
    one = requests.Session()
    one.verify = ca_file
    one.trust_env = False
    return one


def py_webpush():
    vapid = Vapid()
    vapid.generate_keys()
    answers = []
    with session() as requests_session:
        for subscription in what["webpush"]:
            try:
                answer = webpush(
                    subscription,
                    data=json.dumps({"title": "Tempête"}),
                    vapid_private_key=vapid,
                    vapid_claims={"sub": "mailto:test@example.org"},
                    ttl=TTL_S,
                    headers={"Topic": "chain", "Urgency": "high"},
                    requests_session=requests_session,
                )
                answers.append(answer.status_code)
            except WebPushException as error:
                answers.append(error.response.status_code)
    say("pywebpush", answers)


async def aio_apns():
    credentials = what["credentials"]["apns"]
    client = APNs(
        key=credentials["key"],
        key_id=credentials["key_id"],
        team_id=credentials["team_id"],
        topic=credentials["topic"],
        ssl_context=ssl.create_default_context(cafile=ca_file),
        max_connections=1,
        max_connection_attempts=1,
    )
    # Its address is a constant of its protocol class.
    address = urlsplit(origin)
    client.pool.protocol_class.APNS_SERVER = address.hostname
    client.pool.protocol_class.APNS_PORT = address.port
    requests_ = [
        NotificationRequest(
            device_token=token,
            message={"aps": {"alert": {"title": "Tempête", "body": "Restez à l’abri."}, "sound": "default"}},
            time_to_live=TTL_S,
            priority=10,
            collapse_key="chain",
            push_type=PushType.ALERT,
        )
        for token in what["apns"]
    ]
    # All at once: one stream is open until the first was accepted, then as many as there are.
    results = await asyncio.gather(*(client.send_notification(request) for request in requests_))
    client.pool.close()
    say("aioapns", ["sent" if it.is_successful else [int(it.status), it.description] for it in results])


def google_auth():
    account = what["credentials"]["fcm"]["account"]
    credentials = service_account.Credentials.from_service_account_info(account, scopes=[SCOPE])
    credentials.refresh(Request(session=session()))
    url = f"{origin}/v1/projects/{account['project_id']}/messages:send"
    answers = []
    with session() as http:
        for token in what["fcm"]:
            body = {"message": {"token": token, "notification": {"title": "Tempête"}}}
            answer = http.post(url, json=body, headers={"Authorization": f"Bearer {credentials.token}"}).json()
            details = answer.get("error", {}).get("details", [{}])
            answers.append("sent" if "name" in answer else details[0].get("errorCode"))
    say("google-auth", answers)


py_webpush()
asyncio.run(aio_apns())
google_auth()
