using Llm4Msr.Import;
using Llm4Msr.Language;
using Llm4Msr.Platform;

namespace Llm4Msr.TrainEmbedded;

/// <summary>The page of results: the trained model beside a copy with random weights, on catalogues that were not trained on.</summary>
internal static class Results
{
    private const int Users = 400;

    private static readonly int[] s_seeds = [101, 102, 103];

    public static void Print(string work)
    {
        var random = Path.Combine(work, "random");
        RandomCopy.Write(EmbeddedModel.Folder, random, seed: 1);
        using var model = LanguageModel.Load(EmbeddedModel.Name);
        using var copy = LanguageModel.Load(random);
        var shape = LanguageModelDescription.Of(EmbeddedModel.Name);
        var file = new FileInfo(Path.Combine(EmbeddedModel.Folder, "model.safetensors"));
        Console.WriteLine($"""
            # The embedded model

            Made by `experiments/embedded-model`, {DateTime.UtcNow:yyyy-MM-dd}, on {Machine.Current.Processor}.

            {shape.Parameters:N0} parameters in {shape.Layers} layers of width {shape.HiddenSize}, {shape.VocabularySize:N0} tokens; `model.safetensors` has {file.Length:N0} bytes, SHA-256
            `{FileHash.OfFile(file.FullName)}`.

            Every catalogue below was drawn with a seed that training did not use, {Users} users each, asked as of the end of their
            training rows with at most {EmbeddedModel.History} items per scenario. Precision: of the interests that the summaries name, common and by scenario, the
            share that was planted there. Recall: of those planted, the share that they name, also where no item of them was shown.

            | catalogue | topics | precision | recall |
            |---|---|---|---|
            """);
        List<(Measurement Trained, Measurement Random)> measured = [];
        foreach (var seed in s_seeds)
        {
            var options = new PlantedOptions { Users = Users, Seed = seed };
            var trained = Measurement.Of(model, options, EmbeddedModel.History, Path.Combine(work, "scratch"));
            measured.Add((trained, Measurement.Of(copy, options, EmbeddedModel.History, Path.Combine(work, "scratch"))));
            var score = trained.Summaries();
            Console.WriteLine(FormattableString.Invariant($"| {seed} | {string.Join(", ", trained.Topics)} | {score.Precision:F3} | {score.Recall:F3} |"));
        }
        Console.WriteLine("""

            A linear probe (ridge regression) reads from a hidden state in how many of the scenarios a topic is liked. R² for users that it was not fitted
            on, mean over topics and catalogues; the random copy is the same network before any training, on the same prompts.

            | hidden state | trained | random copy | difference | trained, shuffled users |
            |---|---|---|---|---|
            """);
        foreach (var state in Enum.GetValues<HiddenStateDefinition>())
        {
            var (trained, untrained, shuffled) = (measured.Average(m => m.Trained.ProbeR2(state)), measured.Average(m => m.Random.ProbeR2(state)), measured.Average(m => m.Trained.ProbeR2(state, shuffled: true)));
            Console.WriteLine(FormattableString.Invariant($"| `{state.ToName()}` | {trained:F3} | {untrained:F3} | {trained - untrained:+0.000;-0.000} | {shuffled:F3} |"));
        }
    }
}
