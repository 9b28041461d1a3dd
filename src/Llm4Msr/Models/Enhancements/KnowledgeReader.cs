using Llm4Msr.Models.Layers;
using Llm4Msr.Platform;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Llm4Msr.Models.Enhancements;

/// <summary>
/// What the generators see of stored knowledge: users' vectors z-scored and projected on principal components, scenarios'
/// vectors normalised one by one, and in the place of missing knowledge a learned vector.
/// </summary>
/// <remarks>
/// Shapes: U distinct users, H width of their vectors, R components (or H where there is no projection), S scenarios, Hs
/// width of theirs. The statistics come from training users alone and stay with the weights, so that knowledge made
/// later is read in the same way.
/// </remarks>
public sealed class KnowledgeReader : nn.Module
{
    private const double Epsilon = 1e-6;

    private static readonly Scalar s_epsilon = Epsilon;

    private readonly Parameter? user_none; // each only where a level reads it: a weight that nothing reads is not one
    private readonly Parameter? scenario_none;
    private readonly Tensor? user_mean;  // [H]
    private readonly Tensor? user_basis; // [H, R]; the z-score's division is in it
    private readonly bool normalizeScenarios;

    /// <param name="trainingUsers">The vectors from which the statistics come, [N, H] float32.</param>
    /// <param name="scenarios">[S, Hs] float32.</param>
    public KnowledgeReader(Tensor trainingUsers, Tensor scenarios, FusionOptions options) : base(nameof(KnowledgeReader))
    {
        normalizeScenarios = options.NormalizeScenarios;
        if (options.Components is not null)
            (user_mean, user_basis) = PrincipalComponents(trainingUsers, WidthRead(options, trainingUsers.shape[1], trainingUsers.shape[0]));
        var read = ReadUsers(trainingUsers);
        Shape = new KnowledgeShape((int)read.shape[1], Scale(read), (int)scenarios.shape[1], Scale(ReadScenarios(scenarios)));
        (user_none, scenario_none) = Missing(options);
        RegisterComponents();
    }

    /// <summary>For a model whose weights are about to be loaded.</summary>
    public KnowledgeReader(int storedUserWidth, int userWidth, int scenarioWidth, FusionOptions options) : base(nameof(KnowledgeReader))
    {
        normalizeScenarios = options.NormalizeScenarios;
        if (options.Components is not null)
            (user_mean, user_basis) = (zeros(storedUserWidth), zeros(storedUserWidth, userWidth));
        Shape = new KnowledgeShape(userWidth, 1, scenarioWidth, 1);
        (user_none, scenario_none) = Missing(options);
        RegisterComponents();
    }

    /// <summary>R and Hs, and how large the numbers are.</summary>
    public KnowledgeShape Shape { get; }

    /// <summary>R: there are never more components than numbers in a vector, or vectors.</summary>
    public static int WidthRead(FusionOptions options, long storedWidth, long trainingUsers) =>
        (int)Math.Min(options.Components ?? storedWidth, options.Components is null ? storedWidth : Math.Min(storedWidth, trainingUsers));

    /// <param name="vectors">As stored, [N, H].</param>
    /// <returns>[N, R].</returns>
    public Tensor ReadUsers(Tensor vectors) => user_basis is null ? vectors : (vectors - user_mean!).mm(user_basis);

    /// <param name="vectors">As stored, [S, Hs].</param>
    /// <returns>[S, Hs].</returns>
    public Tensor ReadScenarios(Tensor vectors)
    {
        if (!normalizeScenarios)
            return vectors;
        var centred = vectors - vectors.mean([1], keepdim: true);
        return centred * centred.Squared().mean([1], keepdim: true).Plus(s_epsilon).rsqrt();
    }

    /// <summary>Puts the learned vectors where there is no knowledge.</summary>
    /// <param name="users">Distinct users of the batch, read, [U, R].</param>
    /// <param name="owner">For each row the position in <paramref name="users"/> plus 1, or 0 for a row without knowledge, [B] int64.</param>
    /// <param name="scenarios">Read, [S, Hs].</param>
    /// <param name="scenarioMissing">Which scenarios are to be seen without knowledge, [S, 1] bool.</param>
    public BatchKnowledge Fill(Tensor users, Tensor owner, Tensor scenarios, Tensor scenarioMissing) => new(
        new RowKnowledge(user_none is null ? users : cat([user_none.unsqueeze(0), users]), owner),
        scenario_none is null ? scenarios : scenario_none.where(scenarioMissing, scenarios));

    private (Parameter? User, Parameter? Scenario) Missing(FusionOptions options) => (
        options.UserLevel == FusionPlacement.None ? null : Weights.Constant(0, Shape.UserWidth),
        options.ScenarioLevel == FusionPlacement.None ? null : Weights.Constant(0, Shape.ScenarioWidth));

    private static double Scale(Tensor vectors)
    {
        var scale = Math.Sqrt(vectors.Squared().mean().item<float>());
        return scale > Epsilon ? scale : 1;
    }

    private static (Tensor Mean, Tensor Basis) PrincipalComponents(Tensor vectors, int components)
    {
        using var _ = no_grad();
        var x = vectors.to(float64);
        var mean = x.mean([0]);
        var deviation = (x - mean).Squared().mean([0]).sqrt();
        var scale = where(deviation.gt(s_epsilon), deviation.reciprocal(), zeros_like(deviation)); // a constant dimension says nothing
        var z = (x - mean) * scale;
        var (variances, directions) = linalg.eigh(z.t().mm(z) / tensor((double)x.shape[0])); // ascending
        var basis = directions.narrow(1, directions.shape[1] - components, components).flip(1);
        // A direction and its opposite are equally principal: the largest entry is made positive, so that runs agree.
        var largest = basis.gather(0, basis.abs().argmax(0, keepdim: true));
        basis = basis * largest.sign() * scale.unsqueeze(1);
        var kept = variances.narrow(0, variances.shape[0] - components, components).flip(0);
        switch (Environment.GetEnvironmentVariable("PCSCALE")) { case "common": basis = basis / kept.mean().sqrt(); break; case "each": basis = basis / kept.sqrt(); break; }
        return (mean.to(float32), basis.to(float32).contiguous());
    }
}
