"""The client of Python's mcp package: python-client.py URL KEY MODE; prints what it came to as JSON."""

import asyncio
import importlib.metadata
import json
import sys

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url: str, key: str, mode: str) -> None:
    async with httpx2.AsyncClient(headers={"X-API-Key": key}) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            tools = await client.list_tools()
            made = await client.call_tool("create_session", {"purpose": "made from Python"})
            answer = {
                "version": importlib.metadata.version("mcp"),
                "tools": len(tools.tools),
                "made": made.structured_content,
            }
            print(json.dumps(answer))


asyncio.run(main(*sys.argv[1:]))
