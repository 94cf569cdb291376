"""`fairlane demo`: three tenants and real work on the local stack, watched live.

    run            the whole of it, and what is left behind when it ends early
    inputs         real files that every machine with this checkout has
    tenants        who the tenants are, and what each submits
    onboarding     making them through the API; the queue for their results
    submission     sending events in the three content modes
    ledger         what has become of each task, as the results tell
    results        receiving the results; looking into the lanes
    screen         what is seen while it runs
    showcase       some of the results; half_blocks draws a picture
    summary        the figures at the end
    metering       AWS requests and units, counted; prices, what they cost

It is a client like any other: tasks, tenants and results go through the API and a subscription. Only what the
platform's operator could see too (depths of queues, requests, logs) is asked of AWS, that is, of the emulator.
"""
