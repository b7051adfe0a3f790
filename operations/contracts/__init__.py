"""The conformance kit: recorded cases of provider APIs, run through the real engine with HTTP stubbed."""
