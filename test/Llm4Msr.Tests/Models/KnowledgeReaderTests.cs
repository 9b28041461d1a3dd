using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

public sealed class KnowledgeReaderTests : IDisposable
{
    private const int Users = 50, Width = 12, Scenarios = 4, ScenarioWidth = 30;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _users;
    private readonly Tensor _scenarios;

    public KnowledgeReaderTests()
    {
        using var random = new Generator(3, CPU);
        _users = randn(Users, Width, generator: random) * linspace(1, 9, Width) + linspace(-5, 5, Width);
        _scenarios = randn(Scenarios, ScenarioWidth, generator: random) + 3;
    }

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void UsersAndScenariosAreReadAtOneScaleWhateverTheirModelsIs()
    {
        var reader = Reader(_users, _scenarios);
        var larger = Reader(_users * 1000, _scenarios * 1e-4);

        Assert.Equal(1, RootMeanSquare(reader.ReadUsers(_users)), 1e-5);
        Assert.Equal(1, RootMeanSquare(reader.ReadScenarios(_scenarios)), 1e-5);
        Assert.True(Difference(larger.ReadUsers(_users * 1000), reader.ReadUsers(_users)) < 1e-3);
        Assert.True(Difference(larger.ReadScenarios(_scenarios * 1e-4), reader.ReadScenarios(_scenarios)) < 1e-3);
    }

    [Fact]
    public void ComponentsAreUncorrelatedAndTheFirstVariesMost()
    {
        var read = Reader(_users, _scenarios).ReadUsers(_users);

        var covariance = read.t().mm(read) / Users;
        Assert.True((covariance - covariance.diagonal().diag()).abs().max().item<float>() < 1e-4);
        var variances = covariance.diagonal().data<float>().ToArray();
        Assert.Equal(variances.OrderDescending(), variances);
    }

    /// <summary>Lengths and angles between scenarios are all that a linear map of their vectors can tell.</summary>
    [Fact]
    public void TheCoordinatesOfScenariosKeepEveryLengthAndAngle()
    {
        var normalized = (_scenarios - _scenarios.mean([1], keepdim: true)) / _scenarios.std(1, unbiased: false, keepdim: true);

        var read = Reader(_users, _scenarios).ReadScenarios(_scenarios);

        Assert.Equal([Scenarios, Scenarios], read.shape);
        var ratio = read.mm(read.t()) / normalized.mm(normalized.t());
        Assert.True((ratio - Scenarios / (double)ScenarioWidth).abs().max().item<float>() < 1e-3);
    }

    [Fact]
    public void NothingIsScaledWhereThePaperIsTakenToTheLetter()
    {
        var reader = new KnowledgeReader(_users, _scenarios, FusionOptions.Paper());

        Assert.Equal(_users, reader.ReadUsers(_users));
        Assert.Equal(_scenarios, reader.ReadScenarios(_scenarios));
    }

    /// <summary>A number that all training users share says nothing about them, and must not divide by zero.</summary>
    [Fact]
    public void ANumberThatNeverVariesIsLeftOut()
    {
        var constant = _users.clone();
        constant[TensorIndex.Colon, 5] = tensor(7f);
        var other = constant.clone();
        other[TensorIndex.Colon, 5] = tensor(-1000f);

        var reader = Reader(constant, _scenarios);

        Assert.Equal(reader.ReadUsers(constant), reader.ReadUsers(other));
        Assert.True(reader.ReadUsers(constant).isfinite().all().item<bool>());
    }

    /// <summary>The control that knows users by number: what is stored must not reach the model, and snapshots of a user share its vector.</summary>
    [Fact]
    public void LearnedUsersHaveAVectorEachThatLearnsAndReadNothingThatIsStored()
    {
        const int Learned = 3;
        int[] userOfRow = [0, 0, 1, 2, 2];
        var reader = new KnowledgeReader(_users, _scenarios, new FusionOptions { Components = 5 }, Learned, seed: 4);
        BatchKnowledge Known(Tensor stored) => new FrozenKnowledge(reader, stored, _scenarios, new bool[Scenarios], userOfRow).For([4, 0, -1, 1, 3]);

        var known = Known(_users[..5]);
        var vectors = known.User.Distinct.index_select(0, known.User.Owner);
        vectors.sum().backward();

        var ids = reader.named_parameters().Single(p => p.name == "user_ids").parameter;
        Assert.Equal([Learned, 5], ids.shape);
        Assert.Equal(ids[tensor((long[])[2, 0, 0, 2])], vectors[tensor((long[])[0, 1, 3, 4])]);
        Assert.Equal(tensor((float[])[2, 0, 2]), ids.grad!.sum(1) / 5); // how often each was seen
        Assert.Equal(known.User.Distinct, Known(_users[5..10]).User.Distinct);
        Assert.DoesNotContain(reader.named_buffers(), b => b.name.StartsWith("user", StringComparison.Ordinal));
        Assert.Equal(5, reader.Shape.UserWidth);
    }

    private static KnowledgeReader Reader(Tensor users, Tensor scenarios) => new(users, scenarios, new FusionOptions { Components = 5 });

    private static double Difference(Tensor one, Tensor other) => (one - other).abs().max().item<float>();

    private static double RootMeanSquare(Tensor numbers) => Math.Sqrt((numbers * numbers).mean().item<float>());
}
