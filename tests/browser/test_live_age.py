"""How old the picture is said to be, while the clock that both sides look at is steered or set."""

from dashboard.bundle import bundle


def test_the_age_is_told_by_a_clock_that_is_steered_and_by_none_that_was_set(written, view):
    page = view(written.port)
    told = page.evaluate(
        """async (text) => {
            const { Age } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
            const frame = () => new Promise(requestAnimationFrame);
            const ages = [];
            for (const [ahead, said] of [[4e5, 4e5], [-4e5, -4e5], [-4e5, 0]]) {
                const age = new Age();
                // A page that has been open for a while, and an estimate of 80 ms ago that was made 30 ms ago.
                age.since = 0;
                age.update({ points: [[0, Date.now() - ahead - 80, null, [20, 10, 5, 15]]], ahead: said });
                await frame();
                const numbers = age.element.querySelectorAll(":is([data-stage=paint], [data-stage=total]) .number");
                ages.push([...numbers].map(({ textContent }) => textContent));
            }
            return ages;
        }""",
        bundle("age"),
    )
    for paint, _, total, _ in told[:2]:
        assert 30 <= float(paint.removesuffix(" ms")) < float(total.removesuffix(" ms")) - 40
        assert 80 <= float(total.removesuffix(" ms")) < 1e5
    assert told[2] == ["–"] * 4
