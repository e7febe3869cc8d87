"""The lean client for engines behind http: what a gateway needs of HTTP/1.1, and nothing else.

A request costs it about a quarter of what aiohttp's client costs, because it keeps no session, no
cookies, no redirects and no timers of a request's own. Bytes are understood by llhttp only.

    target      an endpoint's URL, and the bytes of a request to it
    reader      bytes to answers, without any input or output
    answer      one answer: what has come and was not taken yet
    connection  one connection, and the answer that it carries
    pool        the connections to one address
    client      `LeanUpstream`: takes a connection, asks, and asks once more where nothing came back
    bounds      how long and how large anything may be
"""
