using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Import;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Llm4Msr.TrainEmbedded;

/// <summary>How the model is trained.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Blocks of fresh catalogues; no catalogue is seen twice.</summary>
    public int Blocks { get; init; } = 145;

    public int CataloguesPerBlock { get; init; } = 6;

    public int UsersPerCatalogue { get; init; } = 60;

    /// <summary>Share of the blocks, the first ones, whose prompts are the lists alone, which takes half the time.</summary>
    public double ShortPrompts { get; init; } = 0.4;

    /// <summary>Weight of the cross entropy of hints.</summary>
    public double Hints { get; init; } = 0.3;

    public int BatchSize { get; init; } = 16;

    public double LearningRate { get; init; } = 4e-3;

    public int WarmUpSteps { get; init; } = 100;

    /// <summary>Prompts begin with two items per scenario and reach the longest when half of the blocks are done.</summary>
    public int LongestHistory { get; init; } = 10;

    /// <summary>Of initial weights and of everything drawn; catalogues have seeds far from those that people use.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>Teaches a network to answer prompts; goes on after the last whole block.</summary>
internal sealed class Training(string folder, TrainingPlan plan)
{
    /// <summary>Above any seed that a person would type, so that no catalogue of a measurement was trained on.</summary>
    private const int FirstCatalogueSeed = 1_000_000;
    private const int PadToken = 0;

    private readonly Scalar _hintWeight = plan.Hints;
    private readonly string _checkpoint = Path.Combine(folder, "checkpoint");

    /// <summary>Trains what is left to train; the weights are written as the model's after each block.</summary>
    public static void Run(string work, TrainingPlan plan)
    {
        var (initialFolder, modelFolder) = (Path.Combine(work, "initial"), Path.Combine(work, "embedded"));
        var shape = new ModelShape(ModelFolder.Tokens.Count);
        torch.random.manual_seed(plan.Seed); // of the hints' heads
        using var network = new Llama(shape, new torch.Generator((ulong)plan.Seed));
        foreach (var folder in new[] { initialFolder, modelFolder })
            ModelFolder.WriteSettings(folder, shape);
        ModelFolder.WriteWeights(initialFolder, network);
        Console.WriteLine($"{shape.Vocabulary} tokens, {network.parameters().Sum(p => p.numel()):N0} parameters");
        using var initial = LanguageModel.Load(initialFolder);
        new Training(work, plan).Run(network, initial, modelFolder);
    }

    /// <param name="initial">The model with its initial weights, for its tokenizer.</param>
    private void Run(Llama network, LanguageModel initial, string modelFolder)
    {
        var hints = new Hints(initial);
        using var heads = new HintHeads(new ModelShape(ModelFolder.Tokens.Count));
        var optimizer = new AdamW(weightDecay: 0.01, network, heads);
        var done = Resume(optimizer);
        for (var block = done.Blocks; block < plan.Blocks; block++)
        {
            var clock = Stopwatch.StartNew();
            var random = new Random(plan.Seed * 10_000 + block);
            var batches = Batches(block, initial, random);
            var making = clock.Elapsed;
            var (loss, hinted, tokens) = (0.0, new double[4], 0L);
            for (var b = 0; b < batches.Count; b++)
            {
                done = done with { Steps = done.Steps + 1 };
                var (ofBatch, hintsOfBatch) = Gradients(network, heads, hints, batches[b]);
                (loss, hinted) = (loss + ofBatch / batches.Count, [.. hinted.Zip(hintsOfBatch, (sum, hint) => sum + hint / batches.Count)]);
                optimizer.Step(done.Steps, Rate(done.Steps, (block + b / (double)batches.Count) / plan.Blocks));
                tokens += batches[b].Sum(e => e.Tokens.Length);
            }
            done = new Progress(block + 1, done.Steps, done.Tokens + tokens, done.Seconds + clock.Elapsed.TotalSeconds);
            Save(optimizer, done);
            ModelFolder.WriteWeights(modelFolder, network);
            DurableFile.AppendLine(Path.Combine(folder, "log.csv"), string.Create(CultureInfo.InvariantCulture,
                $"{done.Blocks},{done.Steps},{done.Tokens},{done.Seconds:F0},{loss:F4}"));
            Console.WriteLine(FormattableString.Invariant(
                $"block {done.Blocks}: {done.Steps} steps, T up to {History(block)}, loss {loss:F4}, of hints {string.Join(", ", hinted.Select(h => FormattableString.Invariant($"{h:F3}")))}, {tokens / (clock.Elapsed - making).TotalSeconds:F0} tokens/s, examples {making.TotalSeconds:F1} s, {done.Seconds:F0} s in all"));
        }
    }

    /// <summary>Examples of like length together, in any order.</summary>
    private List<Example[]> Batches(int block, LanguageModel model, Random random)
    {
        List<Example> examples = [];
        var shortly = block < plan.ShortPrompts * plan.Blocks;
        for (var c = 0; c < plan.CataloguesPerBlock; c++)
        {
            var most = History(block);
            var options = new PlantedOptions { Users = plan.UsersPerCatalogue, Seed = FirstCatalogueSeed + block * plan.CataloguesPerBlock + c };
            examples.AddRange(Examples.Of(options, random.Next((most + 1) / 2, most + 1), shortly, model, ModelFolder.EndToken, Path.Combine(folder, "scratch")));
        }
        Example[][] batches = [.. examples.OrderBy(e => e.Tokens.Length).Chunk(plan.BatchSize)];
        random.Shuffle(batches);
        return [.. batches];
    }

    private int History(int block) => Math.Clamp(2 + 2 * block * (plan.LongestHistory - 2) / plan.Blocks, 2, plan.LongestHistory);

    private double Rate(int step, double progress) =>
        plan.LearningRate * Math.Min(1, (double)step / plan.WarmUpSteps) * (0.02 + 0.98 * 0.5 * (1 + Math.Cos(Math.PI * progress)));

    /// <returns>Mean cross entropy of the answers' tokens, nats; of hints, by topics, scenarios, repeats and lists.</returns>
    private (double Loss, double[] Hinted) Gradients(Llama network, HintHeads heads, Hints hints, Example[] batch)
    {
        using var scope = torch.NewDisposeScope();
        var width = batch.Max(e => e.Tokens.Length) - 1;
        var tokens = new long[batch.Length * width];
        Array.Fill(tokens, PadToken);
        List<long> positions = [], wanted = [];
        List<Hint> nouns = [], liked = [];
        for (var row = 0; row < batch.Length; row++)
        {
            var example = batch[row];
            for (var t = 0; t < example.Tokens.Length - 1; t++)
            {
                tokens[row * width + t] = example.Tokens[t];
                if (t < example.PromptLength - 1)
                    continue;
                positions.Add(row * width + t);
                wanted.Add(example.Tokens[t + 1]);
            }
            var ofRow = hints.Of(example.Tokens).Select(hint => hint with { Position = row * width + hint.Position, ListEnd = row * width + hint.ListEnd }).ToList();
            nouns.AddRange(ofRow);
            liked.AddRange(ofRow.Where(hint => example.Tokens.AsSpan(example.PromptLength).Contains(hint.Topic)).DistinctBy(hint => (hint.ListEnd, hint.Topic)));
        }
        network.zero_grad();
        heads.zero_grad();
        var (logits, middle, late) = network.Logits(
            torch.tensor(tokens).view(batch.Length, width), torch.tensor(positions.ToArray()),
            Of(nouns, n => n.Position), torch.cat([Of(nouns, n => n.Position), Of(liked, n => n.ListEnd)]));
        var loss = functional.cross_entropy(logits, torch.tensor(wanted.ToArray()));
        var (all, hinted) = (loss, new double[4]);
        if (liked.Count > 0)
        {
            var (topic, scenario) = heads.OfMiddle(middle);
            var (repeats, list) = heads.OfLate(late.narrow(0, 0, nouns.Count), late.narrow(0, nouns.Count, liked.Count));
            Tensor[] losses =
            [
                functional.cross_entropy(network.OfTokens(topic), Of(nouns, n => n.Topic)),
                functional.cross_entropy(network.OfTokens(scenario), Of(nouns, n => n.Scenario)),
                functional.cross_entropy(network.OfTokens(repeats), Of(nouns, n => n.Repeats)),
                functional.cross_entropy(network.OfTokens(list), Of(liked, n => n.Topic)),
            ];
            all = loss.add(torch.stack(losses).sum(), _hintWeight);
            hinted = [.. losses.Select(l => (double)l.item<float>())];
        }
        all.backward();
        utils.clip_grad_norm_(network.parameters(), 1);
        return (loss.item<float>(), hinted);
    }

    private static Tensor Of(List<Hint> nouns, Func<Hint, long> number) => torch.tensor(nouns.Select(number).ToArray());

    private sealed record Progress(int Blocks, int Steps, long Tokens, double Seconds);

    private Progress Resume(AdamW optimizer)
    {
        if (!Directory.Exists(_checkpoint))
            return new Progress(0, 0, 0, 0);
        using var file = SafetensorsFile.Open(Path.Combine(_checkpoint, "state.safetensors"));
        optimizer.Load(file);
        return JsonSerializer.Deserialize<Progress>(File.ReadAllText(Path.Combine(_checkpoint, "progress.json")))!;
    }

    private void Save(AdamW optimizer, Progress progress) => DurableFile.ReplaceFolder(_checkpoint, checkpoint =>
    {
        using (var stream = File.Create(Path.Combine(checkpoint, "state.safetensors")))
            Safetensors.Write(stream, optimizer.State);
        File.WriteAllText(Path.Combine(checkpoint, "progress.json"), JsonSerializer.Serialize(progress));
    });
}
