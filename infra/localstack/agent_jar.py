"""Writes the Java agent that LocalStack starts DynamoDB Local with, as one that does nothing.

    agent_jar.py FILE

LocalStack would download one that lifts limits of DynamoDB Local; nothing here needs that, and without any
it does not start. The class is `public class Agent { public static void premain(String a, Instrumentation i) {} }`.
"""

import base64
import sys
import zipfile

MANIFEST = "Manifest-Version: 1.0\r\nPremain-Class: Agent\r\n\r\n"
CLASS = (
    "yv66vgAAAD0ADwoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWBwAIAQAFQWdlbnQBAARDb2Rl"
    "AQAPTGluZU51bWJlclRhYmxlAQAHcHJlbWFpbgEAOyhMamF2YS9sYW5nL1N0cmluZztMamF2YS9sYW5nL2luc3RydW1lbnQvSW5z"
    "dHJ1bWVudGF0aW9uOylWAQAKU291cmNlRmlsZQEACkFnZW50LmphdmEAIQAHAAIAAAAAAAIAAQAFAAYAAQAJAAAAHQABAAEAAAAF"
    "KrcAAbEAAAABAAoAAAAGAAEAAAABAAkACwAMAAEACQAAABkAAAACAAAAAbEAAAABAAoAAAAGAAEAAAABAAEADQAAAAIADg=="
)

with zipfile.ZipFile(sys.argv[1], "w") as jar:
    jar.writestr("META-INF/MANIFEST.MF", MANIFEST)
    jar.writestr("Agent.class", base64.b64decode(CLASS))
