"""What is wrong with a tenant, and what helps: `fairlane doctor`.

`chart` asks the API, `lanes`, `limits`, `work` and `delivering` judge what it answered, `findings` is what they say.
"""
