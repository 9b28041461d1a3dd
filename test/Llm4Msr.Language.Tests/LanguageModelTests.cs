using System.Text.Json.Nodes;
using CsCheck;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using TorchSharp;

namespace Llm4Msr.Language.Tests;

/// <summary>What a caller may rely on, shown with the tiny golden checkpoints.</summary>
public class LanguageModelTests
{
    private const double Tolerance = 1e-4;

    [Fact]
    public void APromptIsAnsweredAloneAsInAnyCompany()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        var prompt = Gen.Int[3, 319].Array[1, 100];
        prompt.Array[1, 6].Sample(prompts =>
        {
            var together = model.Answers(6, prompts);
            for (var i = 0; i < prompts.Length; i++)
                AssertSame(model.Answers(6, prompts[i])[0], together[i]);
        }, iter: 40, threads: 1);
    }

    [Fact]
    public void WhatPromptsShareIsReadOnceAndChangesNothing()
    {
        using var model = LoadWithContext(4096);
        var random = new Random(4);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, 320))];
        foreach (var shared in new[] { 1, 50, 766, 767, 768, 769, 1000 }) // around the size of a piece
        {
            var start = Tokens(shared);
            int[][] prompts = [[.. start, .. Tokens(40)], start, [.. start, .. Tokens(1)], start, [.. start, .. Tokens(300)]];

            var together = model.Answers(2, prompts);

            for (var i = 0; i < prompts.Length; i++)
                AssertSame(model.Answers(2, prompts[i])[0], together[i]);
        }
    }

    [Fact]
    public void PromptsOfSeveralPiecesAreAnsweredAsEachAlone()
    {
        // More tokens than are computed together, a prompt longer than that, and lengths around the blocks of attention.
        using var model = LoadWithContext(8192);
        var random = new Random(3);
        int[][] prompts = [.. new[] { 63, 64, 65, 700, 128, 129, 1100, 1, 500 }.Select(n => Enumerable.Range(0, n).Select(_ => random.Next(3, 320)).ToArray())];

        var together = model.Answers(3, prompts);

        for (var i = 0; i < prompts.Length; i++)
            AssertSame(model.Answers(3, prompts[i])[0], together[i]);
    }

    [Theory]
    [InlineData(new[] { 56, 201, 187 }, new[] { 8, 3, 4, 12 })] // the cache is halved twice, the longest prompt stays
    [InlineData(new[] { 172, 219 }, new[] { 12, 12, 2, 1 })] // the longest prompts leave, and with them the columns that only they used
    public void RowsThatEndEarlyLeaveTheOthersAsTheyWere(int[] endTokens, int[] lengths)
    {
        using var scratch = new ScratchFolder();
        using var model = LoadWith(scratch, "llama_untied", config => config["eos_token_id"] = new JsonArray([.. endTokens.Select(id => (JsonNode)id)]));
        var prompts = Golden.Prompts("llama_untied");

        var answers = model.Answers(12, [.. prompts.Select(p => p.Ids)]);

        Assert.Equal(lengths, answers.Select(a => a.GeneratedIds.Count));
        foreach (var (golden, answer) in prompts.Zip(answers))
        {
            var n = answer.GeneratedIds.Count;
            Assert.Equal(golden.GeneratedIds[..n], answer.GeneratedIds);
            Assert.InRange(Golden.Distance(golden.HiddenPerStep[n - 1], answer.States.StateThatProducedLast), 0, Tolerance);
            Assert.InRange(Golden.Distance(golden.HiddenPerStep[n], answer.States.AfterLastToken), 0, Tolerance);
            Assert.InRange(Golden.Distance(golden.HiddenPerStep[0], answer.States.LastPromptToken), 0, Tolerance);
        }
    }

    [Fact]
    public void ThreadsThatAskTheSameModelAtOnceAllGetTheSameBits()
    {
        using var model = LoadWithContext(1024);
        var random = new Random(8);
        int[][] prompts = [.. new[] { 7, 400, 33 }.Select(n => Enumerable.Range(0, n).Select(_ => random.Next(3, 320)).ToArray())];
        var alone = model.Answers(4, prompts);
        var atOnce = new IReadOnlyList<Answer>[10];

        for (var round = 0; round < atOnce.Length; round += 2)
        {
            // Each time threads that torch has not met: they must not use more processors than the process was told to.
            var threads = new[] { round, round + 1 }.Select(i => new Thread(() => atOnce[i] = model.Generate(prompts, new GenerationOptions(4)))).ToList();
            threads.ForEach(t => t.Start());
            threads.ForEach(t => t.Join());
        }

        foreach (var again in atOnce)
        {
            for (var i = 0; i < prompts.Length; i++)
                Assert.Equal(alone[i].States.MeanOfGenerated, again[i].States.MeanOfGenerated);
        }
    }

    [Fact]
    public void CollectingGarbageMeanwhileChangesNothing()
    {
        // A number that TorchSharp wraps for one call may be collected before the call has read it.
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        var prompts = Golden.Prompts("llama").Select(p => p.Ids).ToArray();
        var undisturbed = model.Answers(12, prompts);
        using var done = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            for (var round = 0; round < 60; round++)
            {
                var disturbed = model.Answers(12, prompts);
                for (var i = 0; i < prompts.Length; i++)
                    Assert.Equal(undisturbed[i].States.MeanOfGenerated, disturbed[i].States.MeanOfGenerated);
            }
        }
        finally
        {
            done.Cancel();
            collector.Join();
        }
    }

    [Fact]
    public void AskingLeavesGradientsOnAndNoTensorBehind()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        var prompts = Golden.Prompts("llama").Select(p => p.Ids).ToArray();
        model.Answers(3, prompts);

        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        model.Answers(3, prompts);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(torch.is_grad_enabled());
    }

    [Fact]
    public void AModelOutlivesTheScopeThatItWasLoadedIn()
    {
        LanguageModel model;
        using (torch.NewDisposeScope())
            model = LanguageModel.Load(TestFiles.Golden("llama"));

        Assert.Equal([273], model.Answers(1, Golden.Prompts("llama")[0].Ids)[0].GeneratedIds);
        model.Dispose();
    }

    [Fact]
    public void APromptMustLeaveRoomForTheAnswer()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));
        var longest = Enumerable.Repeat(5, 256 - 12).ToArray();
        Assert.Equal(12, model.Answers(12, longest)[0].GeneratedIds.Count);

        var error = Assert.Throws<Llm4MsrException>(() => model.Answers(12, [5], [.. longest, 5]));

        Assert.Equal(
            "Prompt 1 has 245 tokens; with 12 new tokens the context of 256 has room for 244. Cut the prompt, or ask for fewer new tokens.",
            error.Message);
    }

    [Fact]
    public void ABatchThatCannotFitIsRefusedBeforeItIsTried()
    {
        using var model = LoadWithContext(1 << 20);
        var prompt = new int[1_000_000];
        var bytesOfOne = 2 * sizeof(float) * 3 * 2 * 8 * (prompt.Length + 1L);
        var rows = (int)(Machine.Current.MemoryBytes / bytesOfOne) + 1;

        var error = Assert.Throws<Llm4MsrException>(() => model.Answers(1, [.. Enumerable.Repeat(prompt, rows)]));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
        Assert.Equal(
            $"The keys and values of {rows} prompts of up to 1000001 tokens take {rows * bytesOfOne >> 20} MiB; "
            + $"this process may use {Machine.Current.MemoryBytes >> 20} MiB. Ask fewer prompts at once.",
            error.Message);
    }

    [Fact]
    public void APromptThatCannotBeIsNamed()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));

        Assert.Equal("Prompt 1 is empty.", Assert.Throws<Llm4MsrException>(() => model.Answers(1, [5], [])).Message);
        Assert.Equal(
            "Prompt 0 has the token 320; the vocabulary ends at 319.",
            Assert.Throws<Llm4MsrException>(() => model.Answers(1, [5, 320])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Answers(0, [5]));
        Assert.Empty(model.Answers(1));
    }

    [Fact]
    public void AStateThatIsNotANumberIsNeverReturned()
    {
        using var scratch = new ScratchFolder();
        Change(scratch, "model.norm.weight", weight => weight[7] = torch.tensor(float.NaN));
        using var model = LanguageModel.Load(scratch.Root);

        var error = Assert.Throws<Llm4MsrException>(() => model.Answers(2, [5], [6]));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Equal(
            "The hidden state of prompt 0 after 0 new tokens is not finite (NaN). "
            + "The model's weights are damaged or not those of this architecture: compare the file's SHA-256.",
            error.Message);
    }

    [Fact]
    public void AStateThatIsTheSameInAllPlacesIsNeverReturned()
    {
        using var scratch = new ScratchFolder();
        Change(scratch, "model.norm.weight", weight => weight.zero_());
        using var model = LanguageModel.Load(scratch.Root);

        var error = Assert.Throws<Llm4MsrException>(() => model.Answers(2, [5], [6]));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.StartsWith("The hidden state of prompt 0 after 0 new tokens has ", error.Message, StringComparison.Ordinal);
        Assert.Contains(" in all 48 places. ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda:0", FaultKind.ResourceMissing, "There is no device 'cuda:0': this libtorch finds 0 CUDA devices. Take 'cpu', or install the libtorch package for CUDA and its driver.")]
    [InlineData("gpu", FaultKind.Usage, "The device is 'gpu', expected 'cpu' or 'cuda:0', 'cuda:1' and so on.")]
    [InlineData("cuda:-1", FaultKind.Usage, "The device is 'cuda:-1', expected 'cpu' or 'cuda:0', 'cuda:1' and so on.")]
    public void ADeviceThatIsNotThereIsRefusedByName(string device, FaultKind kind, string expected)
    {
        Assert.SkipWhen(torch.cuda.is_available(), "skipped: this libtorch has CUDA");

        var error = Assert.Throws<Llm4MsrException>(() => LanguageModel.Load(TestFiles.Golden("llama"), new LoadOptions(Device: device)));

        Assert.Equal((kind, expected), (error.Kind, error.Message));
    }

    [Fact]
    public void ALayerThatIsNotThereIsRefused()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));

        var error = Assert.Throws<Llm4MsrException>(() => model.Generate([[5]], new GenerationOptions(1) { Layers = [4] }, TestContext.Current.CancellationToken));

        Assert.Equal((FaultKind.Usage, "There is no layer 4: 'llama' has 3."), (error.Kind, error.Message));
    }

    [Fact]
    public void ACancelledQuestionIsNotAnswered()
    {
        using var model = LanguageModel.Load(TestFiles.Golden("llama"));

        Assert.Throws<OperationCanceledException>(() => model.Generate([[5]], new GenerationOptions(1), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void AnAnswerIsHandedOverAtTheTokenThatEndsItWithThoseThatEndThereToo()
    {
        using var scratch = new ScratchFolder();
        using var model = LoadWith(scratch, "llama_untied", config => config["eos_token_id"] = new JsonArray(172, 219)); // after 12, 12, 2 and 1 tokens
        List<(int Prompt, Answer Answer)[]> handedOver = [];

        var answers = model.Generate([.. Golden.Prompts("llama_untied").Select(p => p.Ids)], new GenerationOptions(12) { Answered = some => handedOver.Add([.. some]) }, TestContext.Current.CancellationToken);

        Assert.Equal([[3], [2], [0, 1]], handedOver.Select(some => some.Select(a => a.Prompt)));
        Assert.All(handedOver.SelectMany(some => some), a => Assert.Same(answers[a.Prompt], a.Answer));
    }

    [Fact]
    public void PromptsThatAreReadWhenCancelledAreAnsweredToTheirEndAndTheOthersAreNot()
    {
        const int Prompts = 24, Length = 400; // pieces of 768 tokens
        using var model = LoadWithContext(1024);
        var random = new Random(9);
        int[][] prompts = [.. Enumerable.Range(0, Prompts).Select(_ => Enumerable.Range(0, Length).Select(_ => random.Next(3, 320)).ToArray())];
        var alone = prompts.Select(prompt => model.Answers(3, prompt)[0]).ToList();
        List<(int Prompt, Answer Answer)> answered = [];

        for (var patience = 1; answered.Count is 0 or Prompts; patience = answered.Count == 0 ? 2 * patience : patience / 2 + 1)
        {
            Assert.InRange(patience, 1, 60_000); // milliseconds, until cancelling falls between the first piece and the last
            answered.Clear();
            using var stop = new CancellationTokenSource(patience);
            var ended = Record.Exception(() => model.Generate(prompts, new GenerationOptions(3) { Answered = answered.AddRange }, stop.Token));
            Assert.True(ended is OperationCanceledException || answered.Count == Prompts, $"{ended}");
        }

        Assert.Equal(Enumerable.Range(0, answered.Count), answered.Select(a => a.Prompt));
        foreach (var (prompt, answer) in answered)
            AssertSame(alone[prompt], answer);
    }

    [Fact]
    public void EqualWeightsHaveEqualIdentityAndOthersAnother()
    {
        using var scratch = new ScratchFolder();
        using var one = LanguageModel.Load(TestFiles.Golden("llama"));
        Change(scratch, "model.norm.weight", weight => weight[7] = torch.tensor(1f));
        using var other = LanguageModel.Load(scratch.Root);

        Assert.Equal(FileHash.OfFile(TestFiles.Golden("llama", "model.safetensors")), one.Identity.WeightsHash);
        Assert.NotEqual(one.Identity.WeightsHash, other.Identity.WeightsHash);
        Assert.Equal(("llama", "llama", null), (one.Identity.Name, one.Identity.Architecture, one.Identity.ChatFormat));
    }

    private static void AssertSame(Answer alone, Answer inCompany)
    {
        Assert.Equal(alone.GeneratedIds, inCompany.GeneratedIds);
        foreach (var definition in HiddenStateDefinitions.OfOnePass)
            Assert.InRange(Golden.Distance(alone.States[definition], inCompany.States[definition]), 0, Tolerance);
    }

    /// <summary>The tiny model with a longer context than it was made for, which only moves the limit.</summary>
    private static LanguageModel LoadWithContext(int context)
    {
        using var scratch = new ScratchFolder();
        return LoadWith(scratch, "llama", config => config["max_position_embeddings"] = context);
    }

    private static LanguageModel LoadWith(ScratchFolder scratch, string golden, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(TestFiles.Golden(golden, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(scratch["config.json"], config.ToJsonString());
        File.Copy(TestFiles.Golden(golden, "model.safetensors"), scratch["model.safetensors"]);
        return LanguageModel.Load(scratch.Root);
    }

    /// <summary>A copy of the tiny model with one tensor changed.</summary>
    private static void Change(ScratchFolder scratch, string name, Action<torch.Tensor> change)
    {
        using var scope = torch.NewDisposeScope();
        using var weights = SafetensorsFile.Open(TestFiles.Golden("llama", "model.safetensors"));
        var tensors = weights.Entries.Keys.Select(key => (key, weights.Read(key))).ToList();
        change(tensors.Single(t => t.key == name).Item2);
        using (var stream = File.Create(scratch["model.safetensors"]))
            Safetensors.Write(stream, tensors);
        File.Copy(TestFiles.Golden("llama", "config.json"), scratch["config.json"]);
    }
}
