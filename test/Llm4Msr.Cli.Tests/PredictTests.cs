using System.Globalization;
using System.IO.Pipes;
using Llm4Msr.Knowledge;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Microsoft.Win32.SafeHandles;

namespace Llm4Msr.Cli.Tests;

public sealed class PredictTests(SmallRuns small) : IDisposable
{
    private const string Comedy = "comedy and family";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhoIsUnknownIsScoredAsAnybodyWouldBe()
    {
        var rows = Predictions.Of(small.EnhancedRun, _scratch,
            (Comedy, "7", "1"), (Comedy, "nobody", "1"), (Comedy, "somebody", "1"), (Comedy, "7", "no film"), (Comedy, "7", "lost"), (Comedy, "nobody", "lost"));

        Assert.All(rows, row => Assert.InRange(row.Probability, 1e-6, 1 - 1e-6));
        Assert.Equal(rows[1].Probability, rows[2].Probability, 1e-6);
        Assert.Equal(rows[3].Probability, rows[4].Probability, 1e-6);
        Assert.Equal(4, rows.Select(r => Math.Round(r.Probability, 5)).Distinct().Count()); // known, unknown user, unknown item, both
    }

    [Fact]
    public void ARunIsAllThatPredictionNeeds()
    {
        var logs = SmallMovieLens.Write(_scratch["logs"]);
        CommandRun.Succeeding("prepare", "ml-100k", logs, "--out", _scratch["data"]);
        var store = _scratch["knowledge.db"];
        SmallMovieLens.Import(store, _scratch["data"], small.Vectors);
        CommandRun.Succeeding(["train", _scratch["data"], "--out", _scratch["run"], .. SmallRuns.Small, "--enhancement", "llm4msr", "--knowledge", store, "--components", "3"]);
        var before = Predictions.Of(_scratch["run"], _scratch, (Comedy, "7", "1"), ("action and suspense", "8", "2"));

        foreach (var path in Directory.EnumerateFileSystemEntries(_scratch.Root).Where(p => !p.EndsWith("run", StringComparison.Ordinal)).ToList())
            Directory.Move(path, path + ".away");
        Directory.Move(_scratch["run"], _scratch["elsewhere"]);

        Assert.Equal(before, Predictions.Of(_scratch["elsewhere"], _scratch, (Comedy, "7", "1"), ("action and suspense", "8", "2")));
        CommandRun.Of("evaluate", _scratch["elsewhere"]).AssertFails(FaultKind.BadInput, $"The data of the run are not in '{_scratch["data"]}' any more. Say where they are with --data.");
        CommandRun.Succeeding("evaluate", _scratch["elsewhere"], "--data", _scratch["data.away"]);
    }

    [Fact]
    public void WhereTheScoresCannotBeWrittenIsSaidBeforeAnyWork()
    {
        Directory.CreateDirectory(_scratch["folder"]);

        Predict(_scratch["none/scores.csv"]).AssertFails(FaultKind.Usage,
            $"There is no folder '{_scratch["none"]}' to write '{_scratch["none/scores.csv"]}' in. Make it, or name a file elsewhere.");
        Predict(_scratch["folder"]).AssertFails(FaultKind.Usage, $"'{_scratch["folder"]}' is a folder. Name a file.");

        CommandRun Predict(string output) => CommandRun.Of("predict", small.PlainRun, "--input", "no rows.csv", "--output", output);
    }

    [Fact]
    public void EachSeedIsAModelOfItsOwn()
    {
        (string, string, string)[] rows = [(Comedy, "7", "1")];
        var first = Predictions.Of(small.EnhancedRun, _scratch, rows);

        Assert.Equal(0, PredictWith("--seed", "2").Code);

        Assert.NotEqual(first, Predictions.Read(_scratch["scores.csv"]));
        PredictWith("--seed", "3").AssertFails(FaultKind.Usage, $"The model folder '{small.EnhancedRun}' holds no seed 3. It holds: 1, 2.");
    }

    [Fact]
    public void NewerKnowledgeOfNewerDataTakesThePlaceOfTheRunsOwn()
    {
        var own = Predictions.Of(small.EnhancedRun, _scratch, (Comedy, "7", "1"), (Comedy, "nobody", "1"));
        var logs = SmallMovieLens.Write(_scratch["logs"], later: 2);
        CommandRun.Succeeding("prepare", "ml-100k", logs, "--out", _scratch["data"]);
        SmallMovieLens.Import(_scratch["newer.db"], _scratch["data"], SmallMovieLens.WriteVectors(_scratch["newer.safetensors"], seed: 2));
        SmallMovieLens.Import(_scratch["same.db"], _scratch["data"], small.Vectors);

        Assert.Equal(0, PredictWith("--knowledge", _scratch["newer.db"]).Code);
        var newer = Predictions.Read(_scratch["scores.csv"]);
        Assert.Equal(0, PredictWith("--knowledge", _scratch["same.db"]).Code);
        var same = Predictions.Read(_scratch["scores.csv"]);

        Assert.NotEqual(own[0].Probability, newer[0].Probability);
        Assert.Equal(own.Select(r => r.Probability), same.Select(r => r.Probability));
    }

    [Fact]
    public void KnowledgeOfAnotherFingerprintIsRefusedByName()
    {
        Predictions.Of(small.EnhancedRun, _scratch, (Comedy, "7", "1"));
        var before = File.ReadAllText(_scratch["scores.csv"]);
        SmallMovieLens.Import(_scratch["other.db"], small.Data, small.Vectors, name: "other");

        PredictWith("--knowledge", _scratch["other.db"]).AssertFails(FaultKind.Damaged,
            $"The knowledge does not fit the model in '{small.EnhancedRun}': source: \"imported\", not \"other\". Make it as the model's own was made, or train again.");

        Assert.Equal(before, File.ReadAllText(_scratch["scores.csv"]));
        CommandRun.Of("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"], "--knowledge", small.Store)
            .AssertFails(FaultKind.Usage, $"The model in '{small.PlainRun}' reads no knowledge, so there is none to replace.");
    }

    [Theory]
    [InlineData("scenario,user,item\ncomedy and family,7,1\nsports,7,1\n", "line 3: the scenario is 'sports'. The model knows: drama and romance, comedy and family, action and suspense.")]
    [InlineData("scenario,item\ncomedy and family,1\n", "line 1: there is no column 'user'. The first line must name the columns scenario, user, item, in any order.")]
    [InlineData("scenario,user,item\ncomedy and family,7,1\ncomedy and family,7\n", "line 3: 2 fields, so that 'item' is missing. Complete the line.")]
    [InlineData("scenario,user,item\ncomedy and family,7,1,1\n", "line 2: 4 fields, but line 1 names 3 columns. Fields with a comma stand in double quotes.")]
    [InlineData("scenario,user,item\n\"comedy and\nfamily\",7,1\ncomedy and family,7\n", "line 2: the scenario is 'comedy and\nfamily'. The model knows: drama and romance, comedy and family, action and suspense.")]
    [InlineData("scenario,user,item\ncomedy and family,\"7\n8\",1\r\ncomedy and family,7,1\ncomedy and family,7\n", "line 5: 2 fields, so that 'item' is missing. Complete the line.")]
    [InlineData("scenario,user,item\ncomedy and family,7,1\n\n", "line 3: 1 fields, so that 'user' is missing. Complete the line.")]
    [InlineData("", "line 1: there is no column 'scenario'. The first line must name the columns scenario, user, item, in any order.")]
    public void AWrongRowIsNamedAndEarlierScoresAreKept(string content, string problem)
    {
        Predictions.Of(small.PlainRun, _scratch, (Comedy, "7", "1"));
        var before = FolderState.Of(_scratch.Root);
        File.WriteAllText(_scratch["rows.csv"], content);

        CommandRun.Of("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"])
            .AssertFails(FaultKind.BadInput, $"{_scratch["rows.csv"]}, {problem}");

        Assert.Equal(before["scores.csv"], FolderState.Of(_scratch.Root)["scores.csv"]);
        Assert.Equal(before.Keys, FolderState.Of(_scratch.Root).Keys);
    }

    [Fact]
    public void ColumnsAreFoundByNameAndQuotedFieldsKeepTheirCommas()
    {
        File.WriteAllText(_scratch["rows.csv"], "note,item,user,scenario\nlate,1,7,comedy and family\n\"a, b\",1,\"7, or so\",comedy and family\n");

        var run = CommandRun.Of("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"], "--json");

        Assert.Equal((0, 2), (run.Code, run.Json.GetProperty("rows").GetInt32()));
        var known = Predictions.Of(small.PlainRun, _scratch, (Comedy, "7", "1"), (Comedy, "?", "1"));
        CommandRun.Of("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["again.csv"]);
        Assert.Equal(2, known.Count);
    }

    [Fact]
    public void RowsMayComeFromAPipe()
    {
        var expected = Predictions.Of(small.PlainRun, _scratch, (Comedy, "7", "1"));
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.Write(File.ReadAllBytes(_scratch["rows.csv"]));
        using var reading = new SafeFileHandle(nint.Parse(pipe.GetClientHandleAsString(), CultureInfo.InvariantCulture), ownsHandle: true);
        var path = $"/proc/self/fd/{reading.DangerousGetHandle()}";
        pipe.Dispose(); // a few rows lie in the pipe until they are read

        CommandRun.Succeeding("predict", small.PlainRun, "--input", path, "--output", _scratch["scores.csv"]);

        Assert.Equal(expected, Predictions.Read(_scratch["scores.csv"]));
    }

    [Fact]
    public void ARowThatDoesNotEndIsNamed()
    {
        File.WriteAllText(_scratch["rows.csv"], $"scenario,user,item\n{Comedy},7,1\n{Comedy},\"{new string('7', 1 << 17)}");

        CommandRun.Of("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"])
            .AssertFails(FaultKind.BadInput, $"{_scratch["rows.csv"]}, line 3: the row does not end. A double quote that is not closed, or another kind of file?");
    }

    [Fact]
    public void ARowThatBeginsWithANumberSignIsARowLikeAnyOther()
    {
        File.WriteAllText(_scratch["rows.csv"], $"user,scenario,item\n7,{Comedy},1\n#8,{Comedy},1\n7,{Comedy},2\n");

        CommandRun.Succeeding("predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"]);

        Assert.Equal(["7", "#8", "7"], Predictions.Read(_scratch["scores.csv"]).Select(r => r.User));
    }

    [Fact]
    public void OfAStoreForSeveralTrainingPartsTheRunsOwnIsRead()
    {
        var own = Predictions.Of(small.EnhancedRun, _scratch, (Comedy, "7", "1"));
        using (var store = KnowledgeStore.OpenForReading(small.Store))
        using (var both = KnowledgeStore.OpenForWriting(_scratch["both.db"], store.Fingerprint, store.InteractionsHash))
        {
            var records = store.Records().ToList();
            both.Append(records);
            both.Append([.. records.Where(r => r.Key.Level == KnowledgeLevel.Scenario)
                .Select(r => r with { Basis = "another training part", Vectors = [.. r.Vectors.Select(v => v.Reverse().ToArray())] })]);
        }

        Assert.Equal(0, PredictWith("--knowledge", _scratch["both.db"]).Code);

        Assert.Equal(own, Predictions.Read(_scratch["scores.csv"]));
    }

    [Fact]
    public void ARunWithoutAFinishedSeedSaysSo()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Equal(130, CommandRun.Of(stop.Token, small.TrainPlain(_scratch["run"])).Code);

        Predictions.Command(_scratch["run"], _scratch, (Comedy, "7", "1")).AssertFails(FaultKind.Usage,
            $"The model folder '{_scratch["run"]}' holds no trained seed yet. Run the training command again: it goes on where it stopped.");
        CommandRun.Of("evaluate", _scratch["run"]).AssertFails(FaultKind.Usage,
            $"The run '{_scratch["run"]}' holds no trained seed yet. Run the training command again: it goes on where it stopped.");
    }

    private CommandRun PredictWith(params string[] options) =>
        CommandRun.Of(["predict", small.EnhancedRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"], .. options]);
}
