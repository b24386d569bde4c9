"""The attack catalogue, part by part, against the whole program: strangers come through sockets, and the far end tells.

What the rules say one by one is tested beside them; here it counts what a stranger achieves: what the next hop hears,
what stands in the ledger and in the log afterwards. Start with `scene.py`.
"""
