import itertools

import msgspec
import pytest
import torch

from model.network.attention import CrossAttention
from model.network.build import build_network
from model.network.labels import alignment_loss, cosine_correlation, label_correlation
from model.network.settings import NetworkSettings
from model.network.transport import barycentric_map
from pipeline.errors import BadInput

SHAPES = {"EEG": (18, 5), "GSR": (12,), "PPG": (10,), "Face": (60,)}
SMALL = NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2)


def _features(n, shapes=SHAPES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(n, 2, *shape, generator=generator) for name, shape in shapes.items()}


def _network(shapes=SHAPES, **changes):
    torch.manual_seed(0)
    network = build_network(msgspec.structs.replace(SMALL, **changes), shapes, 10)
    # Otherwise the fresh network says the prior whatever it is shown.
    torch.nn.init.normal_(network.head[-1].weight)
    if hasattr(network, "carried"):
        torch.nn.init.constant_(network.carried, 0.5)
    return network.eval()


def _all_present(n, shapes=SHAPES):
    return torch.ones(n, len(shapes), dtype=torch.bool)


def test_shares_sum_to_one():
    output = _network()(_features(5), _all_present(5))
    torch.testing.assert_close(output.log_shares.exp().sum(1), torch.ones(5))


def test_a_fresh_network_says_the_prior():
    torch.manual_seed(0)
    network = build_network(SMALL, SHAPES, 10)
    shares = network(_features(3), _all_present(3)).log_shares.exp()
    torch.testing.assert_close(shares, torch.full((3, 10), 0.1))


@pytest.mark.parametrize("modalities", [
    ("EEG", "GSR", "PPG", "Face"), ("GSR", "PPG", "Temperature", "Motion"), ("EEG",), ("Motion",),
    ("PPG", "Face", "Motion"),
])  # fmt: skip
def test_any_set_of_modalities_works(modalities):
    every = SHAPES | {"Temperature": (4,), "Motion": (10,)}
    shapes = {name: every[name] for name in modalities}
    output = _network(shapes)(_features(3, shapes), _all_present(3, shapes))
    assert output.log_shares.shape == (3, 10)
    assert torch.isfinite(output.log_shares).all()


@pytest.mark.parametrize("missing", range(4))
def test_what_a_missing_modality_holds_cannot_change_the_result(missing):
    network, features, present = _network(), _features(4), _all_present(4)
    present[:, missing] = False
    expected = network(features, present).log_shares
    name = list(SHAPES)[missing]
    for content in (float("nan"), float("inf"), 7.0):
        features[name] = torch.full_like(features[name], content)
        assert torch.equal(network(features, present).log_shares, expected)


def test_every_set_of_present_modalities_gives_another_result():
    network, features = _network(), _features(1)
    masks = torch.tensor(list(itertools.product([False, True], repeat=4)))
    shares = torch.stack([network(features, mask[None]).log_shares[0] for mask in masks])
    assert torch.isfinite(shares).all()
    assert (torch.pdist(shares) > 0).all()


def test_nothing_present_gives_the_prior():
    network = _network()
    prior = torch.arange(1.0, 11) / 55
    network.departure.load_state_dict({"log_prior": prior.log()})
    output = network(_features(2), torch.zeros(2, 4, dtype=torch.bool))
    torch.testing.assert_close(output.log_shares.exp(), prior.expand(2, 10))


def test_nan_where_missing_leaves_gradients_finite():
    network, features, present = _network().train(), _features(4), _all_present(4)
    features["GSR"][:2] = float("nan")
    present[:2, 1] = False
    network(features, present).log_shares[:, 0].sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


def test_drop_key_is_off_outside_training():
    attention = CrossAttention(16, 2, 0.5).eval()
    x, y = torch.randn(2, 6, 16), torch.randn(2, 6, 16)
    assert torch.equal(attention(x, y), attention(x, y))
    attention.train()
    assert not torch.equal(attention(x, y), attention(x, y))


def test_cross_attention_follows_a_permutation_of_the_query_and_ignores_one_of_the_keys():
    attention = CrossAttention(16, 2, 0.5).eval()
    x, y = torch.randn(1, 6, 16), torch.randn(1, 5, 16)
    order = torch.randperm(6)
    torch.testing.assert_close(attention(x[:, order], y), attention(x, y)[:, order])
    torch.testing.assert_close(attention(x, y[:, torch.randperm(5)]), attention(x, y))


def test_the_label_embedding_gets_a_gradient_from_the_alignment():
    network = _network().train()
    output = network(_features(4), _all_present(4))
    alignment_loss(output.correlation, torch.rand(4, 10).softmax(1)).backward()
    assert network.labels.weight.grad.abs().sum() > 0


def test_label_correlation_is_the_outer_product_of_unit_labels():
    labels = torch.tensor([[3.0, 4.0]])
    torch.testing.assert_close(label_correlation(labels), torch.tensor([[[0.36, 0.48], [0.48, 0.64]]]))
    assert alignment_loss(torch.tensor([[0.36, 0.48], [0.48, 0.64]]), labels) < 1e-12


def test_correlation_is_the_cosine_between_emotions():
    correlation = cosine_correlation(torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]))
    expected = torch.tensor([[1, 0.5**0.5, 0], [0.5**0.5, 1, 0.5**0.5], [0, 0.5**0.5, 1]])
    torch.testing.assert_close(correlation, expected)


@pytest.mark.parametrize("changes", [
    {"cross_attention": False}, {"transport": "none"}, {"transport": "sinkhorn"}, {"transport": "fused"},
    {"correlation": False},
])  # fmt: skip
def test_every_part_can_be_ablated(changes):
    output = _network(**changes)(_features(3), _all_present(3))
    assert torch.isfinite(output.log_shares).all()
    assert not torch.allclose(output.log_shares, _network()(_features(3), _all_present(3)).log_shares)


@pytest.mark.parametrize("transport", ["gromov", "fused", "sinkhorn"])
def test_the_cost_of_transport_is_a_term_of_the_loss_where_it_is_asked_for(transport):
    assert _network(transport=transport)(_features(3), _all_present(3)).transport_cost is None
    network = _network(transport=transport, transport_loss=0.1)
    cost = network(_features(3), _all_present(3)).transport_cost
    cost.sum().backward()
    for side in (network.physiology, network.behaviour):
        assert max(weight.grad.abs().max() for weight in side.parameters() if weight.grad is not None) > 0


def test_the_transport_is_taken_as_far_as_the_network_has_learned():
    network, without = _network(), _network(transport="none")
    shares = {}
    for carried in (0.0, 0.5, 1.0):
        torch.nn.init.constant_(network.carried, carried)
        shares[carried] = network(_features(3), _all_present(3)).log_shares
    torch.testing.assert_close(shares[0.0], without(_features(3), _all_present(3)).log_shares)
    assert not torch.allclose(shares[0.5], shares[0.0])
    assert not torch.allclose(shares[0.5], shares[1.0])
    shares[1.0][0, 0].backward()
    assert network.carried.grad != 0


def test_a_fresh_network_carries_nothing():
    assert build_network(SMALL, SHAPES, 10).carried == 0


def test_only_sinkhorns_plan_carries_a_gradient():
    carries = {
        transport: _network(transport=transport)(_features(3), _all_present(3)).plan.requires_grad
        for transport in ("gromov", "fused", "sinkhorn")
    }
    assert carries == {"gromov": False, "fused": False, "sinkhorn": True}


def test_half_precision_gives_nearly_the_same_shares():
    exact = _network()(_features(6), _all_present(6)).log_shares.exp()
    with torch.autocast("cpu", torch.bfloat16):
        rounded = _network()(_features(6), _all_present(6)).log_shares.exp()
    torch.testing.assert_close(rounded.float(), exact, atol=0.05, rtol=0)


def test_without_label_embedding_nothing_of_it_is_learned():
    network = _network(label_embedding=False)
    assert "labels.weight" not in dict(network.named_parameters())
    assert "labels.weight" in network.state_dict()


class TestReleased:
    """The faults of the authors' program, as docs/model.md numbers them."""

    def _run(self, n=4, features=None, seed=0):
        network = _network(variant="released")
        torch.manual_seed(seed)
        return network, network(features or _features(n), _all_present(n))

    def test_d1_the_label_embedding_is_noise_and_the_alignment_has_no_gradient(self):
        _, first = self._run(seed=1)
        network, second = self._run(seed=2)
        assert not torch.equal(first.correlation, second.correlation)
        assert not second.correlation.requires_grad
        assert not any(name.startswith("labels.") for name, _ in network.named_parameters())

    def test_d2_results_are_random_outside_training(self):
        network, _ = self._run()
        x, y = torch.randn(1, 18, 16), torch.randn(1, 6, 16)
        attention = network.physiology.attention
        assert not attention.training
        assert not torch.equal(attention(x, y), attention(x, y))

    def test_d5_the_transported_tokens_shrink(self):
        _, output = self._run()
        torch.testing.assert_close(output.plan.sum(2), torch.full((4, 8), 1 / 8), atol=1e-4, rtol=0)
        tokens = torch.randn(4, 8, 16)
        assert ((output.plan @ tokens).norm(dim=2) < 0.5 * tokens.norm(dim=2)).all()

    def test_d6_a_windows_plan_depends_on_its_batch_mates(self):
        features = _features(4)
        _, before = self._run(features=features)
        changed = {name: torch.cat([array[:1], 5 * array[1:]]) for name, array in features.items()}
        _, after = self._run(features=changed)
        assert not torch.equal(before.plan[0], after.plan[0])

    def test_d7_the_correlation_is_not_a_cosine_between_emotions(self):
        _, output = self._run()
        assert not torch.allclose(output.correlation.diagonal(), torch.ones(10), atol=0.05)

    def test_none_of_them_is_in_helo(self):
        network, features, present = _network(), _features(4), _all_present(4)
        torch.manual_seed(1)
        first = network(features, present)
        torch.manual_seed(2)
        second = network(features, present)
        assert torch.equal(first.log_shares, second.log_shares)  # D1, D2: nothing is drawn
        assert torch.equal(first.correlation, second.correlation)
        assert second.correlation.requires_grad  # D1
        assert "labels.weight" in dict(network.named_parameters())
        carried = barycentric_map(first.plan, torch.ones(4, 8, 16))
        torch.testing.assert_close(carried, torch.ones(4, 8, 16), atol=1e-4, rtol=0)  # D5: the scale stays
        changed = {name: torch.cat([array[:1], 5 * array[1:]]) for name, array in features.items()}
        torch.testing.assert_close(network(changed, present).plan[0], first.plan[0], atol=1e-6, rtol=0)  # D6
        torch.testing.assert_close(first.correlation.diagonal(), torch.ones(10))  # D7

    def test_it_needs_both_sides(self):
        with pytest.raises(BadInput, match="at least one physiological and one behavioural"):
            _network({"EEG": (18, 5)}, variant="released")
