"""Serving: arms behind an endpoint, the one client that asks them, and the canary that doubts both.

The client side (`chat_client`, `endpoint`, `canary`) speaks to TGI, vLLM and the local server
alike and needs no torch; the local server's engine is imported only where it is started.
"""
