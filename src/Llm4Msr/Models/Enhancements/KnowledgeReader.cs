using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>
/// What the generators see of stored knowledge: users' vectors z-scored and projected on principal components, scenarios'
/// vectors normalised one by one and written in coordinates of the space that they span, both brought to a root mean square
/// of 1, and in the place of missing knowledge a learned vector.
/// </summary>
/// <remarks>
/// Shapes: U distinct users of P, H width of their vectors, R components (or H where there is no projection), S scenarios, Hs
/// width of theirs, D coordinates (or Hs where they are read as they are). The statistics come from training users alone
/// and stay with the weights, so that knowledge made later is read in the same way.
/// The common scale makes a learning rate mean the same for every language model: what a step of Adam changes in a generated
/// weight grows with the size and the number of the numbers that it is generated from. S scenarios lie in a space of at most
/// S dimensions, so that a linear map of S coordinates can do whatever one of Hs numbers could.
/// </remarks>
public sealed class KnowledgeReader : nn.Module
{
    private const double FirstDeviation = 0.001; // of learned vectors, so that a user that training never meets stays near zero

    private static readonly Scalar s_rounding = 1e-9;  // of a number's own size: what varies less does not vary
    private static readonly Scalar s_smallest = 1e-30; // keeps 0 from dividing, and changes nothing else

    private readonly Parameter? user_none; // each only where a level reads it: a weight that nothing reads is not one
    private readonly Parameter? scenario_none;
    private readonly Parameter? user_ids; // [P, R], only for the control that knows users by number
    private readonly Tensor? user_mean;  // [H]
    private readonly Tensor? user_basis; // [H, R]; the z-score's division is in it
    private readonly Tensor? scenario_basis; // [Hs, D]

    /// <param name="trainingUsers">The vectors from which the statistics come, [N, H] float32.</param>
    /// <param name="scenarios">[S, Hs] float32.</param>
    /// <param name="learnedUsers">P, where users' vectors are learned in the place of what is stored; null where they are read.</param>
    /// <param name="seed">Decides the first values of learned vectors.</param>
    public KnowledgeReader(Tensor trainingUsers, Tensor scenarios, FusionOptions options, int? learnedUsers = null, ulong seed = 0) : base(nameof(KnowledgeReader))
    {
        using var scope = NewDisposeScope();
        var width = UserWidthRead(options, trainingUsers.shape[1], trainingUsers.shape[0]);
        if (learnedUsers is { } users && options.UserLevel != FusionPlacement.None)
            user_ids = LearnedVectors(users, width, seed);
        else if (options.Components is not null)
            (user_mean, user_basis) = PrincipalComponents(trainingUsers, width);
        if (options.NormalizeScenarios)
            scenario_basis = Span(Normalized(scenarios));
        var readScenarios = ReadScenarios(scenarios);
        Shape = new KnowledgeShape(width, user_ids is null ? Scale(ReadUsers(trainingUsers)) : 1, (int)readScenarios.shape[1], Scale(readScenarios));
        (user_none, scenario_none) = Missing(options);
        RegisterComponents();
        scope.HandOn(this);
    }

    /// <summary>For a model whose weights are about to be loaded.</summary>
    public KnowledgeReader(
        int storedUserWidth, int userWidth, int storedScenarioWidth, int scenarioWidth, FusionOptions options, int? learnedUsers = null) : base(nameof(KnowledgeReader))
    {
        using var scope = NewDisposeScope();
        if (options.NormalizeScenarios)
            scenario_basis = zeros(storedScenarioWidth, scenarioWidth);
        if (learnedUsers is { } users && options.UserLevel != FusionPlacement.None)
            user_ids = LearnedVectors(users, userWidth, seed: 0);
        else if (options.Components is not null)
            (user_mean, user_basis) = (zeros(storedUserWidth), zeros(storedUserWidth, userWidth));
        Shape = new KnowledgeShape(userWidth, 1, scenarioWidth, 1);
        (user_none, scenario_none) = Missing(options);
        RegisterComponents();
        scope.HandOn(this);
    }

    /// <summary>R and D, and how large the numbers are.</summary>
    public KnowledgeShape Shape { get; }

    /// <summary>R: there are never more components than numbers in a vector, or vectors.</summary>
    public static int UserWidthRead(FusionOptions options, long storedWidth, long trainingUsers) =>
        (int)(options.Components is { } components ? Math.Min(components, Math.Min(storedWidth, trainingUsers)) : storedWidth);

    /// <summary>D: as many coordinates as there are scenarios, where they are fewer than the numbers of a vector.</summary>
    public static int ScenarioWidthRead(FusionOptions options, int storedWidth, int scenarios) =>
        options.NormalizeScenarios ? Math.Min(storedWidth, scenarios) : storedWidth;

    /// <param name="vectors">As stored, [N, H].</param>
    /// <returns>[N, R].</returns>
    public Tensor ReadUsers(Tensor vectors) => user_basis is null ? vectors : (vectors - user_mean!).mm(user_basis);

    /// <summary>Whether users' vectors are learned, one for each user, and none is read.</summary>
    public bool LearnsUsers => user_ids is not null;

    /// <summary>The learned vectors of users by their place in the table, which learn with the weights.</summary>
    /// <param name="places">[U] int64.</param>
    /// <returns>[U, R].</returns>
    public Tensor LearnedUsers(Tensor places) => user_ids!.index_select(0, places);

    /// <param name="vectors">As stored, [S, Hs].</param>
    /// <returns>[S, D].</returns>
    public Tensor ReadScenarios(Tensor vectors) => scenario_basis is null ? vectors : Normalized(vectors).mm(scenario_basis);

    /// <summary>Puts the learned vectors where there is no knowledge.</summary>
    /// <param name="users">Distinct users of the batch, read, [U, R].</param>
    /// <param name="owner">For each row the position in <paramref name="users"/> plus 1, or 0 for a row without knowledge, [B] int64.</param>
    /// <param name="scenarios">Read, [S, D].</param>
    /// <param name="scenarioMissing">Which scenarios are to be seen without knowledge, [S, 1] bool.</param>
    public BatchKnowledge Fill(Tensor users, Tensor owner, Tensor scenarios, Tensor scenarioMissing) => new(
        new RowKnowledge(user_none is null ? users : cat([user_none.unsqueeze(0), users]), owner),
        scenario_none is null ? scenarios : scenario_none.where(scenarioMissing, scenarios));

    private static Parameter LearnedVectors(int users, int width, ulong seed)
    {
        using var random = new Generator(seed, CPU);
        return Weights.Normal(FirstDeviation, random, users, width);
    }

    private (Parameter? User, Parameter? Scenario) Missing(FusionOptions options) => (
        options.UserLevel == FusionPlacement.None ? null : Weights.Constant(0, Shape.UserWidth),
        options.ScenarioLevel == FusionPlacement.None ? null : Weights.Constant(0, Shape.ScenarioWidth));

    private static double Scale(Tensor vectors)
    {
        var scale = Math.Sqrt(vectors.Squared().mean().ToDouble());
        return scale > 0 ? scale : 1;
    }

    private static Tensor Normalized(Tensor vectors)
    {
        var centred = vectors - vectors.mean([1], keepdim: true);
        return centred * centred.Squared().mean([1], keepdim: true).Plus(s_smallest).rsqrt();
    }

    private static (Tensor Mean, Tensor Basis) PrincipalComponents(Tensor vectors, int components)
    {
        using var _ = no_grad();
        var x = vectors.to(float64);
        var mean = x.mean([0]);
        var deviation = (x - mean).Squared().mean([0]).sqrt();
        var scale = where(deviation.gt(mean.abs().mul(s_rounding)), deviation.reciprocal(), zeros_like(deviation)); // a constant dimension says nothing
        var z = (x - mean) * scale;
        var (_, directions) = linalg.eigh(z.t().mm(z)); // ascending
        var basis = Signed(directions.narrow(1, directions.shape[1] - components, components).flip(1));
        basis = basis * tensor(1 / Scale(z.mm(basis)));
        return (mean.to(float32), (basis * scale.unsqueeze(1)).to(float32).contiguous());
    }

    /// <summary>Coordinates in the space of the vectors, those in which they differ most first.</summary>
    private static Tensor Span(Tensor vectors)
    {
        using var _ = no_grad();
        var x = vectors.to(float64);
        var (_, _, directions) = linalg.svd(x, fullMatrices: false); // [D, Hs]
        var basis = Signed(directions.t());
        return (basis * tensor(1 / Scale(x.mm(basis)))).to(float32).contiguous();
    }

    /// <summary>A direction and its opposite are equally good: the largest entry is made positive, so that runs agree.</summary>
    private static Tensor Signed(Tensor directions) => directions * directions.gather(0, directions.abs().argmax(0, keepdim: true)).sign();
}
