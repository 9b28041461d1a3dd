using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using TorchSharp;
using static TorchSharp.torch;

namespace Llm4Msr.Tests.Models;

/// <summary>
/// A network of any sizes in float64, with made-up features and knowledge for its rows; everything lives in the caller's
/// dispose scope.
/// </summary>
/// <remarks>Shapes: B rows, N features, S scenarios.</remarks>
internal sealed class SampleNetwork
{
    public const int Fields = 4, UserWidth = 9, ScenarioWidth = 7, Users = 11;

    private static readonly Scalar s_step = 0.2; // held: see NetworkChecks

    private readonly Tensor _users;
    private readonly Tensor _scenarioKnowledge;
    private readonly long[] _owner;

    /// <param name="disturbed">Whether weights are moved away from their special starting values.</param>
    public SampleNetwork(ModelOptions options, int scenarios, int rows = 60, ulong seed = 1, bool disturbed = true)
    {
        using var random = new Generator(seed, CPU);
        Scenarios = scenarios;
        Module = Network.Create(options, Fields * options.EmbeddingSize, scenarios, new KnowledgeShape(UserWidth, 1, ScenarioWidth, 1), random);
        Module.to(ScalarType.Float64);
        if (disturbed)
            Disturb(Module, random);
        Features = randn(rows, Fields * options.EmbeddingSize, generator: random, dtype: float64);
        ScenarioOfRow = [.. Enumerable.Range(0, rows).Select(row => row * 7 % scenarios)];
        _users = randn(Users, UserWidth, generator: random, dtype: float64);
        _scenarioKnowledge = randn(scenarios, ScenarioWidth, generator: random, dtype: float64);
        _owner = [.. Enumerable.Range(0, rows).Select(row => row * 5L % Users)];
    }

    public int Scenarios { get; }

    public nn.Module<Tensor, ScenarioGroups, BatchKnowledge?, Tensor> Module { get; }

    /// <summary>[B, N].</summary>
    public Tensor Features { get; }

    public int[] ScenarioOfRow { get; }

    /// <summary>[S, Hs].</summary>
    public Tensor ScenarioKnowledge => _scenarioKnowledge;

    /// <summary>A vector per row, [B, H].</summary>
    public Tensor UserOfRow() => _users.index_select(0, tensor(_owner));

    /// <summary>Logits of these rows, in this order.</summary>
    public Tensor Logits(params int[] rows)
    {
        var places = tensor(rows.Select(r => (long)r).ToArray());
        return Module.call(
            Features.index_select(0, places),
            new ScenarioGroups([.. rows.Select(r => ScenarioOfRow[r])], Scenarios),
            new BatchKnowledge(new RowKnowledge(_users, tensor(rows.Select(r => _owner[r]).ToArray())), _scenarioKnowledge));
    }

    public Tensor Logits() => Logits([.. Enumerable.Range(0, ScenarioOfRow.Length)]);

    public Tensor Loss() => nn.functional.binary_cross_entropy_with_logits(
        Logits(), tensor(Enumerable.Range(0, ScenarioOfRow.Length).Select(row => row % 3 == 0 ? 1.0 : 0.0).ToArray()));

    public static void Disturb(nn.Module module, Generator random)
    {
        foreach (var parameter in module.parameters())
            Disturb(parameter, random);
    }

    public static void Disturb(Tensor parameter, Generator? random = null)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var own = new Generator(17, CPU);
        parameter.add_(randn(parameter.shape, generator: random ?? own, dtype: parameter.dtype), s_step);
    }
}
