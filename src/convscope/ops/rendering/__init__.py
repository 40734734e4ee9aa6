"""Drawings of steps: what is to be seen of one, put into characters, shapes or pixels.

story ──▶ scene ──terminal──▶ characters
            └────layout────▶ shapes ──svg──▶ page
                                └────animation──▶ GIF
"""
