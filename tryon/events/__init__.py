"""The live door tells shoppers' browsers how their try-ons go on, without polling. Plain ASGI.

It knows no database and no Django. It reads the states of jobs from Redis, where the rest of the product
writes them (tryon/services/live.py), and believes tickets that the API has signed (config/core/tickets.py).
"""
