"""De-identification by PS3.15 annex E: the table as data, the engine, burned-in pixels, what will leave.

It reduces what tells who the patient is. Nothing here can promise that nobody will ever be recognised: a face
can be computed from a head scan, a rare disease is known to those who treated it (PS3.15 E.1).
"""
