def card(*a):
    return {}
