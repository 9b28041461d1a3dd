using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Training;
using TorchSharp;

namespace Llm4Msr.Benchmarks;

/// <summary>
/// What does knowledge cost per training step? Baseline: the backbone alone. Both take turns, step by step, in one process
/// on one torch thread, so that whatever else the machine does meets both; the figure is processor time.
/// </summary>
internal static class TrainingStepBenchmark
{
    private const int WarmUp = 10, Pairs = 60;

    private static readonly (string Name, FusionOptions Fusion)[] s_presets = [("default", new FusionOptions()), ("paper", FusionOptions.Paper())];

    public static void Run(string dataFolder, string storePath)
    {
        Libtorch.Require();
        torch.set_num_threads(1);
        var data = InteractionDataset.Open(dataFolder);
        using var store = KnowledgeStore.OpenForReading(storePath);
        var table = KnowledgeTable.Read(store, store.Fingerprint.States[0], data.Description.TrainingPartHash);
        var options = new TrainingOptions();
        var model = new ModelOptions();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            # Training step

            `dotnet run -c Release --project bench/Llm4Msr.Benchmarks -- training-step --data DATA --knowledge STORE`

            {Machine.Current}. {DateTime.UtcNow:yyyy-MM-dd}. Torch threads: 1.
            Data: {data.Description.Source}, {data.Interactions.Count} interactions, {data.Encoder.Schema.Fields.Count} fields x {model.EmbeddingSize}. Knowledge: {table.Count} vectors of {table.UserWidth}.
            Batch {options.BatchSize}, hidden {string.Join(", ", model.HiddenWidths)}. {Pairs} pairs of steps after {WarmUp}; medians of processor time, and of the ratio pair by pair with its quartiles.

            | backbone | preset | backbone alone | with knowledge | ratio | quartiles |
            |---|---|---|---|---|---|
            """));
        foreach (var backbone in Enum.GetValues<BackboneKind>())
        {
            foreach (var (name, fusion) in s_presets)
                Compare(data, table, model with { Backbone = backbone }, name, fusion, options);
        }
    }

    private static void Compare(InteractionDataset data, KnowledgeTable table, ModelOptions options, string preset, FusionOptions fusion, TrainingOptions training)
    {
        using var scope = torch.NewDisposeScope();
        using var plain = new ClickModel(data.Encoder.Schema, data.Description.Scenarios.Count, options, null, seed: 1);
        using var enhanced = Enhanced(data, table, options with { Enhancement = EnhancementKind.Llm4msr, Fusion = fusion });
        using var visible = TrainingRun.Visible(data, table, enhanced);
        var without = new TrainingStep(plain, data, null, training, seed: 1);
        var with = new TrainingStep(enhanced, data, visible, training, seed: 1);
        plain.train();
        enhanced.train();

        var ranks = data.RanksOf(Part.Training);
        new Random(1).Shuffle(ranks);
        List<(double Without, double With)> pairs = [];
        for (var k = 0; k < WarmUp + Pairs; k++)
        {
            var batch = ranks.AsSpan(k % (ranks.Length / training.BatchSize) * training.BatchSize, training.BatchSize);
            var pair = (Milliseconds(without, batch, k), Milliseconds(with, batch, k));
            if (k >= WarmUp)
                pairs.Add(pair);
        }
        double[] ratios = [.. pairs.Select(p => p.With / p.Without).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {options.Backbone} | {preset} | {Median([.. pairs.Select(p => p.Without).Order()]):F1} ms | {Median([.. pairs.Select(p => p.With).Order()]):F1} ms "
            + $"| {Median(ratios):F2} | {ratios[Pairs / 4]:F2} to {ratios[Pairs * 3 / 4]:F2} |"));
    }

    private static ClickModel Enhanced(InteractionDataset data, KnowledgeTable table, ModelOptions options)
    {
        var reader = new KnowledgeReader(
            torch.tensor(table.UserVectors).view(table.Count, table.UserWidth),
            torch.tensor(table.ScenarioVectors).view(-1, table.ScenarioWidth), options.Fusion!);
        return new ClickModel(data.Encoder.Schema, data.Description.Scenarios.Count, options, reader, seed: 1);
    }

    private static double Milliseconds(TrainingStep step, ReadOnlySpan<int> ranks, int number)
    {
        var before = Environment.CpuUsage.TotalTime;
        step.Run(ranks, epoch: 1, number);
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
    }

    private static double Median(double[] sorted) => (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
}
