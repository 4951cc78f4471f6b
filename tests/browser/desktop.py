#!/usr/bin/env python3
"""A desktop that shows notifications, as far as a browser can tell: org.freedesktop.Notifications on the session bus.

Each notification shown is a line of JSON on standard output: {"id", "title", "body"}. A line with an id on standard
input is a click on that notification: a real one for the browser, so that its worker may open a window.
Needs the package jeepney (scripts/requirements.txt).
"""
import json
import sys
import threading

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.Notifications"
DESKTOP = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


def clicks(bus):
    for line in sys.stdin:
        bus.send(new_signal(DESKTOP, "ActionInvoked", "us", (int(line), "default")))


def answer(call, shown):
    member = call.header.fields.get(HeaderFields.member)
    if member == "GetCapabilities":
        return new_method_return(call, "as", (["actions", "body", "persistence"],))
    if member == "GetServerInformation":
        return new_method_return(call, "ssss", ("test desktop", "Beffroi", "1", "1.2"))
    if member == "Notify":
        number = call.body[1] or shown + 1
        print(json.dumps({"id": number, "title": call.body[3], "body": call.body[4]}), flush=True)
        return new_method_return(call, "u", (number,))
    return new_method_return(call)


def main():
    bus = open_dbus_connection(bus="SESSION")
    bus.send_and_get_reply(message_bus.RequestName(NAME))
    print("ready", flush=True)
    threading.Thread(target=clicks, args=(bus,), daemon=True).start()
    shown = 0
    while True:
        message = bus.receive()
        if message.header.message_type == MessageType.method_call:
            reply = answer(message, shown)
            shown += reply.header.fields.get(HeaderFields.signature) == "u"
            bus.send(reply)


main()
