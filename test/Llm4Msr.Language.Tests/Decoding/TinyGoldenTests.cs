using Llm4Msr.Testing;

namespace Llm4Msr.Language.Tests.Decoding;

/// <summary>Tiny random checkpoints against the numbers that transformers gave for them.</summary>
public class TinyGoldenTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Models => ["llama", "llama_untied", "llama3_rope", "mistral", "qwen2", "qwen3", "gpt2", "chatglm2"];

    [Theory, MemberData(nameof(Models))]
    public void EveryStateAndTokenIsTheOneOfTransformers(string name)
    {
        using var model = LanguageModel.Load(TestFiles.Golden(name));
        foreach (var prompt in Golden.Prompts(name))
        {
            for (var n = 1; n <= prompt.GeneratedIds.Length; n++)
                AssertEqual(prompt, n, model.Answers(n, prompt.Ids)[0]);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void SoItIsInABatchOfUnequalPrompts(string name)
    {
        using var model = LanguageModel.Load(TestFiles.Golden(name));
        var prompts = Golden.Prompts(name);

        var answers = model.Answers(12, [.. prompts.Select(p => p.Ids)]);

        Assert.Equal([1, 7, 33, 90], answers.Select(a => a.PromptTokens));
        foreach (var (prompt, answer) in prompts.Zip(answers))
            AssertEqual(prompt, 12, answer);
    }

    /// <summary>Of <paramref name="n"/> generated tokens: ids, and the states by all four definitions.</summary>
    private static void AssertEqual(GoldenPrompt golden, int n, Answer answer)
    {
        Assert.Equal(golden.GeneratedIds[..n], answer.GeneratedIds);
        var rows = golden.HiddenPerStep;
        var mean = Enumerable.Range(0, rows[0].Length).Select(i => rows[1..(n + 1)].Average(row => row[i])).ToArray();
        Assert.InRange(Golden.Distance(rows[n - 1], answer.States.StateThatProducedLast), 0, Tolerance);
        Assert.InRange(Golden.Distance(rows[n], answer.States.AfterLastToken), 0, Tolerance);
        Assert.InRange(Golden.Distance(rows[0], answer.States.LastPromptToken), 0, Tolerance);
        Assert.InRange(Golden.Distance(mean, answer.States.MeanOfGenerated), 0, Tolerance);
    }
}
