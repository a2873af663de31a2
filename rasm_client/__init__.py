"""A client of Rasm's service, for Python and the command line. It needs httpx and nothing else of Rasm.

Where it stands: by itself; ``client.py`` is its command. From the top down:

    cli                            what the command does
    inputs  output  progress       what it is given, and gives out
    tasks  arguments
    blocking                       RasmClient
    aio                            AsyncRasmClient
    exchange                       one request and its reply, within bounds
    replies                        replies -> results and jobs
    types  printable               plain data; text as a terminal may show it
"""
