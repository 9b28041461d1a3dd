using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests.Decoding;

/// <summary>Checkpoints of any shape against a plain decoder in double precision.</summary>
public class AnyShapeTests
{
    private const double Tolerance = 1e-4;
    private const int NewTokens = 3;

    public static TheoryData<string> Architectures => ["llama", "mistral", "qwen2", "qwen3", "gpt2", "chatglm"];

    [Theory, MemberData(nameof(Architectures))]
    public void EveryStateInARaggedBatchIsTheOneOfThePlainDecoder(string type)
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var checkpoint = new RandomCheckpoint(type, seed);
            using var scratch = new ScratchFolder();
            checkpoint.WriteTo(scratch);
            using var model = LanguageModel.Load(scratch.Root);
            int[][] prompts = [.. new[] { 1, 5, 30, 77 }.Select(checkpoint.Prompt)]; // beyond a block of attention, too

            AssertEqual(checkpoint, model, prompts, seed);
        }
    }

    [Theory, MemberData(nameof(Architectures))]
    public void WeightsThatAreKeptAsStoredGiveTheSameStates(string type)
    {
        for (var seed = 100; seed < 106; seed++)
        {
            var checkpoint = new RandomCheckpoint(type, seed);
            using var scratch = new ScratchFolder();
            checkpoint.WriteTo(scratch, torch.ScalarType.BFloat16);
            using var widened = LanguageModel.Load(scratch.Root);
            using var kept = LanguageModel.Load(scratch.Root, new LoadOptions(Weights: WeightStorage.Keep));
            int[][] prompts = [.. new[] { 1, 20, 66 }.Select(checkpoint.Prompt)];

            foreach (var (one, other) in widened.Answers(NewTokens, prompts).Zip(kept.Answers(NewTokens, prompts)))
            {
                Assert.Equal(one.GeneratedIds, other.GeneratedIds);
                Assert.InRange(Golden.Distance(one.States.MeanOfGenerated, other.States.MeanOfGenerated), 0, Tolerance);
            }
        }
    }

    private static void AssertEqual(RandomCheckpoint checkpoint, LanguageModel model, int[][] prompts, int seed)
    {
        var layers = Enumerable.Range(0, model.Layers + 1).ToList();
        var answers = model.Generate(prompts, new GenerationOptions(NewTokens) { Layers = layers }, TestContext.Current.CancellationToken);
        var reference = checkpoint.Reference;
        foreach (var (prompt, answer) in prompts.Zip(answers))
        {
            var ids = prompt.ToList();
            for (var n = 0; n < answer.GeneratedIds.Count; n++)
            {
                var state = reference.State([.. ids]);
                Assert.True(answer.GeneratedIds[n] == reference.Next(state), $"seed {seed}, prompt of {prompt.Length}, token {n}");
                if (n == 0)
                    AssertClose(state, answer.States.LastPromptToken, seed);
                if (n == NewTokens - 1)
                    AssertClose(state, answer.States.StateThatProducedLast, seed);
                ids.Add(answer.GeneratedIds[n]);
            }
            AssertClose(reference.State([.. ids]), answer.States.AfterLastToken, seed);
            foreach (var layer in layers)
            {
                AssertClose(reference.State(prompt, layer), answer.AfterLayers[layer].LastPromptToken, seed);
                AssertClose(reference.State([.. ids], layer), answer.AfterLayers[layer].AfterLastToken, seed);
            }
        }
    }

    private static void AssertClose(double[] expected, float[] actual, int seed)
    {
        var distance = Golden.Distance([.. expected.Select(e => (float)e)], actual);
        Assert.True(distance < Tolerance, $"seed {seed}: {distance}");
    }
}
