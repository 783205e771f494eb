"""What Redis does in one go: Lua scripts, each on the keys of one station, which share a hash slot.

A station's keys, with `cp-1` for its canonical identity:

    ocpp-gateway:{cp-1}:owner             hash  node, epoch, claim, writer, seq, place
    ocpp-gateway:{cp-1}:memory:<scope>    hash  key -> [place,value] in JSON

Documents of the fleet share one slot, which no station's name can name a key of:

    ocpp-gateway:{fleet}:documents:<kind>  hash  name -> [version,value] in JSON
    ocpp-gateway:{fleet}:lease:<name>      who holds it; expires

`place` says which key was remembered first. `claim` is the number of the claim that made the owner, and `seq` that of
the last write under the epoch `writer`: by them a call that its caller has given up on, and that arrives all the same,
does no harm.
"""

import hashlib
from typing import NamedTuple

PREFIX = "ocpp-gateway"


class Script(NamedTuple):
    """A script and the name that Redis keeps it under."""

    text: str
    sha: str


def owner_key(identity: str) -> str:
    return f"{PREFIX}:{{{identity}}}:owner"


def memory_key(identity: str, scope: str) -> str:
    return f"{PREFIX}:{{{identity}}}:memory:{scope}"


def station_of(key: str) -> tuple[str, str]:
    """The station and the scope of a key of `memory_key`."""
    identity, _, scope = key.removeprefix(f"{PREFIX}:{{").partition("}:memory:")
    return identity, scope


FLEET = "fleet"


def documents_key(kind: str) -> str:
    return f"{PREFIX}:{{{FLEET}}}:documents:{kind}"


def lease_key(name: str) -> str:
    return f"{PREFIX}:{{{FLEET}}}:lease:{name}"


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


# What a claim that was given up has done is undone where it is met: nobody knows of it.
_FENCED = """
local function fenced(epoch, given_up)
  local owner = redis.call('HMGET', KEYS[1], 'epoch', 'claim')
  if not owner[1] then return 'absent' end
  if tonumber(owner[1]) <= tonumber(epoch) then return false end
  if owner[2] and owner[2] ~= '' and string.find(' ' .. given_up .. ' ', ' ' .. owner[2] .. ' ', 1, true) then
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'claim', '')
    return false
  end
  return 'fenced'
end
"""

CLAIM = _script("""
-- KEYS: owner, memory of each scope. ARGV: node, claim.
local owner = redis.call('HMGET', KEYS[1], 'node', 'epoch')
local time = redis.call('TIME')
local epoch = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if owner[2] and tonumber(owner[2]) >= epoch then epoch = tonumber(owner[2]) + 1 end
epoch = string.format('%.0f', epoch)
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'epoch', epoch, 'claim', ARGV[2])
local found = {epoch, owner[1] or '', owner[2] or ''}
for i = 2, #KEYS do found[i + 2] = redis.call('HGETALL', KEYS[i]) end
return found
""")

HOLD = _script(
    _FENCED
    + """
-- KEYS: owner. ARGV: epoch, claims given up, node. With node '' it lets the station go.
if fenced(ARGV[1], ARGV[2]) == 'fenced' then return 'fenced' end
redis.call('HSET', KEYS[1], 'node', ARGV[3], 'epoch', ARGV[1], 'claim', '')
return 'done'
"""
)

WRITE = _script(
    _FENCED
    + """
-- KEYS: owner, memory of each scope. ARGV: epoch, claims given up, seq, then for each change: which of the memory KEYS
-- (from 1), key, value in JSON or '' to forget.
local refused = fenced(ARGV[1], ARGV[2])
if refused then return refused end
local last = redis.call('HMGET', KEYS[1], 'writer', 'seq')
if last[1] == ARGV[1] and tonumber(last[2]) > tonumber(ARGV[3]) then return 'late' end
redis.call('HSET', KEYS[1], 'writer', ARGV[1], 'seq', ARGV[3])
for i = 4, #ARGV, 3 do
  local memory, key, value = KEYS[1 + tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  if value == '' then
    redis.call('HDEL', memory, key)
  else
    local old = redis.call('HGET', memory, key)
    local place = old and string.match(old, '^%[(%d+),')
    if not place then place = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'place', 1)) end
    redis.call('HSET', memory, key, '[' .. place .. ',' .. value .. ']')
  end
end
return 'done'
"""
)

PUT = _script("""
-- KEYS: documents. ARGV: the version it must be or '', then for each its name and value in JSON, '' to remove it.
local version = 0
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  version = old and tonumber(string.match(old, '^%[(%d+),')) or 0
  if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= version then return {'conflict', version} end
  version = version + 1
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], '[' .. string.format('%.0f', version) .. ',' .. ARGV[i + 1] .. ']')
  end
end
return {'done', version}
""")

LEASE = _script("""
-- KEYS: lease. ARGV: holder, milliseconds; 0 gives it back.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] ~= '0' then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
elseif holder then
  redis.call('DEL', KEYS[1])
end
return 1
""")

ALL = (CLAIM, HOLD, WRITE, PUT, LEASE)
