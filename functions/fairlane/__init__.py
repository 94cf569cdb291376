"""What Fairlane's functions share: domain rules, ports, AWS adapters, CloudEvents and HTTP."""
