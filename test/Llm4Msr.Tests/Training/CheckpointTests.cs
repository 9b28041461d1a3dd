using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Tests.Training;

/// <summary>Goals D2 and D3 inside one process: stopped anywhere, a training goes on and ends with the same bits.</summary>
public sealed class CheckpointTests : IDisposable
{
    private const int Seed = 7, Epochs = 3;

    private readonly ScratchFolder _scratch = new();
    private readonly InteractionDataset _data;
    private readonly int _steps;

    public CheckpointTests()
    {
        _data = SampleData.Prepared(_scratch);
        _steps = (_data.RanksOf(Part.Training).Length + Options(BackboneKind.Star).Training.BatchSize - 1) / Options(BackboneKind.Star).Training.BatchSize;
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void StoppedAfterAnyStepItEndsAsIfItHadNotBeen()
    {
        var options = Options(BackboneKind.Star);
        var stops = 0;
        var expected = Run("uninterrupted", options with { CheckpointMinutes = 0 })
            .Train(Seed, (_, _, _, _) => Copy(_scratch["uninterrupted"], _scratch[$"stopped-{stops++}"]));
        Assert.Equal(Epochs * _steps, stops);
        Assert.InRange(expected.BestEpoch, 1, Epochs - 1); // so that the best weights come from a checkpoint

        for (var stop = 0; stop < stops; stop++)
        {
            var name = $"stopped-{stop}";
            List<int> done = [];
            var resumed = Run(name, options).Train(Seed, (epoch, step, _, _) => done.Add((epoch - 1) * _steps + step));

            Assert.Equal(Enumerable.Range(stop + 1, stops - stop - 1), done); // no step twice, none left out
            Assert.Equal(expected.Weights, resumed.Weights);
            Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(resumed));
            AssertSameFolder(name);
        }
    }

    [Fact]
    public void StoppedAgainAndAgainItStillEndsAsIfItHadNotBeen()
    {
        Run("uninterrupted", Options(BackboneKind.Star)).Train(Seed);

        for (var stop = 0; stop < _steps + 2; stop++)
            StopAfter(0, Run("stopped", Options(BackboneKind.Star) with { CheckpointMinutes = 0 }));
        Run("stopped", Options(BackboneKind.Star)).Train(Seed);

        AssertSameFolder("stopped");
    }

    [Fact]
    public void BetweenCheckpointsItGoesBackToTheLastEpoch()
    {
        var options = Options(BackboneKind.Star); // none within an epoch
        Run("uninterrupted", options).Train(Seed);
        StopAfter(_steps + 2, Run("stopped", options));
        List<(int Epoch, int Step)> done = [];

        Run("stopped", options).Train(Seed, (epoch, step, _, _) => done.Add((epoch, step)));

        Assert.Equal((2, 0), done[0]);
        AssertSameFolder("stopped");
    }

    [Fact]
    public void ADamagedCheckpointIsNamedAndPassedOver()
    {
        var options = Options(BackboneKind.Star) with { CheckpointMinutes = 0 };
        Run("uninterrupted", options).Train(Seed);
        StopAfter(_steps + 2, Run("stopped", options));
        var newest = Checkpoints("stopped")[^1];
        Flip(Path.Combine(newest, "tensors.safetensors"));
        List<string> said = [];
        List<(int Epoch, int Step)> done = [];

        Run("stopped", options).Train(Seed, (epoch, step, _, _) => done.Add((epoch, step)), say: said.Add);

        Assert.StartsWith($"The checkpoint '{newest}' is damaged: the file 'tensors.safetensors' was changed", said[0], StringComparison.Ordinal);
        Assert.EndsWith("It is passed over for the one before it.", said[0], StringComparison.Ordinal);
        Assert.Equal("Seed 7 goes on after 1 epochs and 2 steps.", said[1]);
        Assert.Equal((2, 2), done[0]); // the damaged one was after three
        AssertSameFolder("stopped");
    }

    [Fact]
    public void EveryKindOfDamageIsFound()
    {
        StopAfter(2, Run("stopped", Options(BackboneKind.Star) with { CheckpointMinutes = 0 }));
        var newest = Checkpoints("stopped")[^1];
        Assert.Null(Checkpoint.DamageOf(newest));
        foreach (var file in Directory.GetFiles(newest))
        {
            var bytes = File.ReadAllBytes(file);
            var random = new Random(bytes.Length);
            for (var flip = 0; flip < 70; flip++)
            {
                var changed = bytes.ToArray();
                changed[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, changed);
                // A flip in the manifest's white space, or of a letter's case in a hash, changes nothing that it says.
                Assert.True(Checkpoint.DamageOf(newest) is not null || file.EndsWith(FolderManifest.FileName, StringComparison.Ordinal), file);
            }
            File.WriteAllBytes(file, bytes[..random.Next(bytes.Length)]);
            Assert.NotNull(Checkpoint.DamageOf(newest));
            File.Delete(file);
            Assert.NotNull(Checkpoint.DamageOf(newest));
            File.WriteAllBytes(file, bytes);
        }
    }

    [Fact]
    public void WithoutAnyWholeCheckpointItIsAnErrorAndNotANewStart()
    {
        var options = Options(BackboneKind.Star) with { CheckpointMinutes = 0 };
        StopAfter(5, Run("stopped", options));
        foreach (var checkpoint in Checkpoints("stopped"))
            Flip(Path.Combine(checkpoint, "position.json"));
        var before = Files("stopped");

        var error = Assert.Throws<Llm4MsrException>(() => Run("stopped", options).Train(Seed));

        Assert.Equal($"No checkpoint in '{InProgress("stopped")}' can be read, so that this training cannot go on. Delete that folder to train the seed from its start.", error.Message);
        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Equal(before, Files("stopped"));
    }

    [Fact]
    public void ACheckpointOfAnotherModelIsAnError()
    {
        var options = Options(BackboneKind.Star) with { CheckpointMinutes = 0 };
        StopAfter(3, Run("star", options));
        StopAfter(3, Run("bottom", options with { Model = options.Model with { Backbone = BackboneKind.SharedBottom } }));
        Directory.Delete(InProgress("star"), recursive: true);
        Directory.Move(InProgress("bottom"), InProgress("star"));

        var error = Assert.Throws<Llm4MsrException>(() => Run("star", options).Train(Seed));

        Assert.Equal(FaultKind.Damaged, error.Kind);
        Assert.Contains("does not fit the model that is trained", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FewCheckpointsAreKeptAndNoneWhenTheSeedIsFinished()
    {
        var options = Options(BackboneKind.Star) with { CheckpointMinutes = 0 };
        List<int> counts = [];

        Run("run", options).Train(Seed, (_, _, _, _) => counts.Add(Checkpoints("run").Count));

        Assert.Equal([1, 2, 3, 3], counts.Take(4));
        Assert.Equal(3, counts.Max());
        Assert.False(Directory.Exists(InProgress("run")));
        Assert.Empty(Directory.EnumerateDirectories(_scratch["run"], "*.tmp"));
    }

    [Fact]
    public void WhatAKilledProcessLeftHalfWrittenIsClearedAway()
    {
        var options = Options(BackboneKind.Star) with { CheckpointMinutes = 0 };
        StopAfter(3, Run("run", options));
        var halves = new[] { Path.Combine(InProgress("run"), "after-000000-epochs-000000009-steps.x.tmp"), _scratch["run/seed-7.x.tmp"] };
        foreach (var half in halves)
            Directory.CreateDirectory(half);
        File.AppendAllText(Path.Combine(InProgress("run"), "epochs.jsonl"), "{\"epoch\":1,\"lo");

        List<string[]> logs = [];
        Run("run", options).Train(Seed, afterEpoch: _ => logs.Add(File.ReadAllLines(Path.Combine(InProgress("run"), "epochs.jsonl"))));

        Assert.All(halves, half => Assert.False(Directory.Exists(half)));
        Assert.Equal([1, 2, 3], logs.Select(log => log.Length)); // as it happens, the half line gone
        Assert.Equal(logs[^1], File.ReadAllLines(_scratch[$"run/seed-{Seed}/epochs.jsonl"]));
        Assert.Equal([1, 2, 3], TrainingJsonLines("run").Select(e => e.Epoch));
    }

    [Fact]
    public void ASeedIsTrainedByOneProcessAtATime()
    {
        var run = Run("run", Options(BackboneKind.Star));

        var error = Assert.Throws<Llm4MsrException>(() => run.Train(Seed, (_, _, _, _) => Run("run", Options(BackboneKind.Star)).Train(Seed)));

        Assert.Equal(FaultKind.ResourceMissing, error.Kind);
    }

    [Fact]
    public void ABatchThatCannotBeTrainedOnIsKept()
    {
        var options = Options(BackboneKind.Star) with { Training = Options(BackboneKind.Star).Training with { LearningRate = 1e30 } };

        var error = Assert.Throws<Llm4MsrException>(() => Run("run", options).Train(Seed));

        using var kept = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(InProgress("run"), "faulty-batch.json")));
        Assert.Equal(error.Message, kept.RootElement.GetProperty("what").GetString());
        Assert.Equal(options.Training.BatchSize, kept.RootElement.GetProperty("ranks").GetArrayLength());
    }

    [Fact]
    public void WhatIsNotFiniteIsNotWrittenAndTheLastFiniteOneIsKept()
    {
        using var sample = SampleModel.Of(_data, BackboneKind.Star, "none");
        using var trainer = new Trainer(sample.Model, _data, _data.RanksOf(Part.Training), _data.RanksOf(Part.Validation), null, Options(BackboneKind.Star).Training, 1);
        Checkpoint.Write(_scratch["finite"], trainer);
        using (TorchSharp.torch.no_grad())
            sample.Model.parameters().Last()[0] = float.NaN;

        var error = Assert.Throws<Llm4MsrException>(() => Checkpoint.Write(_scratch["other"], trainer));

        Assert.Contains("holds a number that is not finite after 0 epochs and 0 steps, so no checkpoint was written", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch["other"]));
        Assert.Null(Checkpoint.DamageOf(_scratch["finite"]));
    }

    /// <summary>A run with few rows, so that there are few steps to be stopped at.</summary>
    private static RunOptions Options(BackboneKind backbone) => new()
    {
        Model = new ModelOptions { Backbone = backbone, EmbeddingSize = 4, HiddenWidths = [8, 4] },
        Training = new TrainingOptions { BatchSize = 256, LearningRate = 0.1, Epochs = Epochs, IdDropout = 0.2 },
    };

    private TrainingRun Run(string name, RunOptions options) => new(_data, "data", null, options, _scratch[name]);

    private static void StopAfter(int steps, TrainingRun run)
    {
        var done = 0;
        Assert.Throws<OperationCanceledException>(() => run.Train(Seed, (_, _, _, _) =>
        {
            if (done++ == steps)
                throw new OperationCanceledException();
        }));
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private void AssertSameFolder(string name)
    {
        Assert.Equal(Weights("uninterrupted"), Weights(name));
        Assert.Equal(Log("uninterrupted"), Log(name));
        Assert.False(Directory.Exists(InProgress(name)));
    }

    private string Weights(string name) => ModelFolder.Open(_scratch[name]).WeightsHash(Seed);

    /// <summary>The log of epochs without how long they took.</summary>
    private List<string> Log(string name) =>
        [.. TrainingJsonLines(name).Select(e => JsonSerializer.Serialize(e with { Seconds = 0 }, TrainingJson.Line))];

    private IEnumerable<EpochResult> TrainingJsonLines(string name) =>
        File.ReadLines(_scratch[$"{name}/seed-{Seed}/epochs.jsonl"]).Select(line => JsonSerializer.Deserialize<EpochResult>(line, TrainingJson.Line)!);

    private string InProgress(string name) => _scratch[$"{name}/training-{Seed}"];

    private List<string> Checkpoints(string name) => [.. Directory.EnumerateDirectories(InProgress(name), "after-*").Order(StringComparer.Ordinal)];

    private SortedDictionary<string, string> Files(string name) =>
        new(Directory.EnumerateFiles(InProgress(name), "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)).ToDictionary(f => f, FileHash.OfFile), StringComparer.Ordinal);

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
