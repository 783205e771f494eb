"""The description of the admin API is true. `make api` asks more."""

from pathlib import Path

from tests.gateway.admin.described import asked


async def test_a_real_gateway_answers_as_it_says(tmp_path: Path) -> None:
    code, said, errors = await asked(tmp_path, 8)
    assert code == 0, said
    assert errors == []
