"""Drawings of steps. `scene` says what is to be seen of one; the others put it into characters, shapes, pixels.

    steps ──scene──▶ panels ──terminal──▶ characters
                        └────layout────▶ shapes ──svg──▶ page
                                            └─────animation──▶ GIF
"""
