using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Language.Tests.Files;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>What is wrong is named with the way out, and what was made before stays as it is.</summary>
public sealed class BadInputTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AMissingFileOfTheLogsIsNamed()
    {
        File.Delete(Path.Combine(Logs(), "u.item"));

        PrepareFails($"There is no file '{_scratch["logs/u.item"]}'. Correct its name, or get it.");
    }

    [Fact]
    public void LogsCutBetweenTwoLinesAreNoticed()
    {
        var ratings = Path.Combine(Logs(), "u.data");
        File.WriteAllLines(ratings, File.ReadAllLines(ratings)[..^1]);

        PrepareFails($"{ratings}: 1199 rows, expected 1200. The file was cut or changed: get it again.");
    }

    [Theory]
    [InlineData("u.data", "7\t7", "the row has too few fields")]
    [InlineData("u.data", "7\t7\tfive\t880000000", "the label (rating) is 'five', expected a number")]
    [InlineData("u.user", "7|old|F|writer|0", "the age_group (age) is 'old', expected a number")]
    [InlineData("u.item", "7|Film", "the row has too few fields")]
    public void AWrongLineOfTheLogsIsNamed(string file, string line, string problem)
    {
        var path = Path.Combine(Logs(), file);
        var lines = File.ReadAllLines(path);
        lines[6] = line;
        File.WriteAllLines(path, lines);

        PrepareFails($"{path}: 1 of {lines.Length} rows cannot be used, more than the 0 % allowed. Line 7: {problem}. "
            + $"All of them, with line and reason, are in {_scratch["data.rejected.csv"]}. Correct the file or its description, or allow more with --max-rejected.");
        Assert.Equal(2, File.ReadAllLines(_scratch["data.rejected.csv"]).Length);
    }

    [Fact]
    public void AModelFileThatWasCutIsNamed()
    {
        var bytes = new GgufWriter().Set("general.architecture", "llama").Add("token_embd.weight", [4, 8], new float[32]).ToBytes();
        File.WriteAllBytes(_scratch["cut.gguf"], bytes[..^40]);

        ReasonFails("cut.gguf", FaultKind.Damaged, $"The GGUF file '{_scratch["cut.gguf"]}' is damaged: tensor 'token_embd.weight' of 128 bytes at 128 + 0 "
            + $"does not lie inside the {bytes.Length - 40} bytes of the file. Get the file again and compare its SHA-256.");
    }

    [Fact]
    public void AModelOfAnUnknownKindIsNamed()
    {
        File.WriteAllBytes(_scratch["mamba.gguf"], new GgufWriter().Set("general.architecture", "mamba").ToBytes());
        File.WriteAllBytes(_scratch["blocks.gguf"], new GgufWriter().Set("general.architecture", "llama").Add("token_embd.weight", [8, 4], 99, new byte[64]).ToBytes());
        File.WriteAllText(_scratch["notes.txt"], "not a model at all");

        ReasonFails("mamba.gguf", FaultKind.BadInput, $"'{_scratch["mamba.gguf"]}' holds the architecture 'mamba', which is not supported. Supported: 'llama', 'qwen2', 'qwen3', 'gpt2'.");
        ReasonFails("blocks.gguf", FaultKind.BadInput, $"Tensor 'token_embd.weight' of '{_scratch["blocks.gguf"]}' has the block type 99, which is not known. Read are: F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, BF16.");
        ReasonFails("notes.txt", FaultKind.BadInput, $"'{_scratch["notes.txt"]}' is not a GGUF file: it does not start with 'GGUF'.");
        ReasonFails("nothing.gguf", FaultKind.BadInput, $"There is no model '{_scratch["nothing.gguf"]}'. Name a GGUF file, or a folder with config.json and model.safetensors.");
    }

    [Fact]
    public void AStoreOfAnotherModelIsNotWrittenTo()
    {
        var store = _scratch["knowledge.db"];
        File.Copy(small.Store, store);
        var before = FileHash.OfFile(store);

        var run = CommandRun.Of("reason", small.Data, "--model", TestFiles.Golden("llama"), "--out", store, "--protocol", "train-part");

        Assert.Matches($"^error: The knowledge store '{store}' holds knowledge that is not comparable with what is to be added: source: \"imported\", not \"[^\"]+\"; "
            + ".*userWidth: 6, not 48;.* Name another file for it, or use the settings of this store\\.\n$", run.Errors);
        Assert.Equal((5, ""), (run.Code, run.Output));
        Assert.Equal(before, FileHash.OfFile(store));
    }

    [Fact]
    public void AStoreFromOtherDataIsNeitherWrittenToNorTrainedWith()
    {
        var store = _scratch["other.db"];
        const string Other = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        using (var model = LanguageModel.Load(TestFiles.Golden("llama")))
            KnowledgeStore.OpenForWriting(store, KnowledgeReasoner.FingerprintOf(model, new ReasoningOptions()), Other).Dispose();
        var before = FileHash.OfFile(store);
        var own = CommandRun.Succeeding("knowledge", "stats", small.Store, "--json").Json.GetProperty("interactionsHash").GetString();

        CommandRun.Of("reason", small.Data, "--model", TestFiles.Golden("llama"), "--out", store).AssertFails(FaultKind.Damaged,
            $"The knowledge store '{store}' was made from other interactions: their hash is {Other}, not {own}. Name another file, or use the data that it was made from. "
            + "Where only interactions came in, a new store takes over what did not change: 'llm4msr reason ... --reuse THIS --out NEW'.");
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--enhancement", "llm4msr", "--knowledge", store).AssertFails(FaultKind.Damaged,
            $"The knowledge in '{store}' was made from other interactions (hash {Other}) than the data's ({own}). Reason for this data, or use the data that the knowledge was made from.");

        Assert.Equal(before, FileHash.OfFile(store));
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    [Fact]
    public void AFlippedBitInAStoreIsNamedByEveryCommandThatReadsIt()
    {
        var store = _scratch["knowledge.db"];
        var bytes = File.ReadAllBytes(small.Store);
        var vectorOfUser7 = File.ReadAllBytes(small.Vectors).AsSpan()[^(4 * SmallMovieLens.UserWidth * (SmallMovieLens.Users - 6))..][..(4 * SmallMovieLens.UserWidth)];
        bytes[bytes.AsSpan().IndexOf(vectorOfUser7) + 5] ^= 1;
        File.WriteAllBytes(store, bytes);
        var damage = $"The knowledge store '{store}' is damaged: the row of user '7', sequence 10, has the checksum ........, expected ......... "
            + "Restore the file from a copy, or reason again into a new store.";

        var verify = CommandRun.Of("knowledge", "verify", store);
        Assert.Equal((5, ""), (verify.Code, verify.Errors));
        Assert.Matches("damaged: the row of user '7', sequence 10, has the checksum [0-9a-f]{8}, expected [0-9a-f]{8}\ndamaged: its rows have the content hash [0-9a-f]{64}, expected [0-9a-f]{64}\nRestore the store from a copy, or delete it and reason again.\n$", verify.Output);
        foreach (var command in new string[][]
        {
            ["knowledge", "stats", store],
            ["train", small.Data, "--out", _scratch["run"], "--enhancement", "llm4msr", "--knowledge", store],
        })
        {
            var run = CommandRun.Of(command);
            Assert.Matches($"^error: {damage}\n$", run.Errors);
            Assert.Equal((5, ""), (run.Code, run.Output));
        }
        Assert.Equal(bytes, File.ReadAllBytes(store));
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    [Fact]
    public void AnImportWithANumberThatIsNoneLeavesNoStore()
    {
        var vectors = File.ReadAllBytes(small.Vectors);
        BitConverter.TryWriteBytes(vectors.AsSpan(^4), float.NaN);
        File.WriteAllBytes(_scratch["nan.safetensors"], vectors);

        var run = SmallMovieLens.Import(_scratch["nan.db"], small.Data, _scratch["nan.safetensors"]);

        run.AssertFails(FaultKind.BadInput, $"'{_scratch["nan.safetensors"]}': the tensor 'user' holds NaN in row 40, column 6, expected a number. Make the vectors again, with zeros where nothing is known.");
        Assert.Equal(["nan.safetensors"], FolderState.Of(_scratch.Root).Keys);
        Assert.Equal(0, SmallMovieLens.Import(_scratch["nan.db"], small.Data, small.Vectors).Code);
    }

    [Fact]
    public void AFlippedBitInAnyFileOfARunIsNamed()
    {
        Predictions.Of(small.EnhancedRun, _scratch, ("comedy and family", "7", "1"));
        var scores = File.ReadAllBytes(_scratch["scores.csv"]);
        var run = SmallRuns.Copy(small.EnhancedRun, _scratch["run"]);
        foreach (var (file, hash) in FolderState.Of(run).Where(f => !f.Key.EndsWith("manifest.json", StringComparison.Ordinal) && !f.Key.StartsWith("seed-2", StringComparison.Ordinal)))
        {
            var bytes = File.ReadAllBytes(Path.Combine(run, file));
            bytes[bytes.Length / 2] ^= 4;
            File.WriteAllBytes(Path.Combine(run, file), bytes);
            var folder = file.StartsWith("seed-1", StringComparison.Ordinal) ? Path.Combine(run, "seed-1") : run;
            var problem = $"The model folder '{folder}' is damaged: the file '{Path.GetRelativePath(folder, Path.Combine(run, file))}' was changed: "
                + $"its SHA-256 is {FileHash.OfFile(Path.Combine(run, file))}, expected {hash}. Restore it from a copy, or train again.";

            CommandRun.Of("predict", run, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"]).AssertFails(FaultKind.Damaged, problem);
            CommandRun.Of("evaluate", run).AssertFails(FaultKind.Damaged, problem);

            Assert.Equal(scores, File.ReadAllBytes(_scratch["scores.csv"]));
            bytes[bytes.Length / 2] ^= 4;
            File.WriteAllBytes(Path.Combine(run, file), bytes);
        }
        CommandRun.Succeeding("evaluate", run); // whole again
    }

    [Fact]
    public void AFullDiskStopsEveryWriterAndLeavesWhatWasThere()
    {
        using var disk = TinyDisk.Mount(_scratch["disk"], "16k");
        File.WriteAllText(disk["scores.csv"], "earlier");
        File.WriteAllLines(_scratch["rows.csv"], Enumerable.Repeat("comedy and family,7,1", 2000).Prepend("scenario,user,item"));
        string[][] commands =
        [
            ["predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", disk["scores.csv"]],
            ["prepare", "ml-100k", small.Logs, "--out", disk["data"]],
            small.TrainPlain(disk["run"]),
        ];
        foreach (var command in commands)
        {
            var run = CommandRun.Of(command);
            Assert.Matches($"^error: The disk is full: .*'{_scratch["disk"]}/.* Free some space, then run the command again\\.\n$", run.Errors);
            Assert.Equal((6, ""), (run.Code, run.Output));
            Assert.Equal(["scores.csv"], FolderState.Of(_scratch["disk"]).Keys);
            Assert.Equal("earlier", File.ReadAllText(disk["scores.csv"]));
        }
        var import = SmallMovieLens.Import(disk["knowledge.db"], small.Data, small.Vectors);
        Assert.Matches($"^error: The knowledge store '{disk["knowledge.db"]}[^']*' has no room left on its disk .*Free some space, then run the command again", import.Errors);
        Assert.Equal(6, import.Code);
        Assert.Equal(["scores.csv"], FolderState.Of(_scratch["disk"]).Keys);

        disk.Resize("8m");
        foreach (var command in commands)
            CommandRun.Succeeding(command);
    }

    private string Logs() => SmallMovieLens.Write(_scratch["logs"]);

    /// <summary>Over data prepared before, which have to stay.</summary>
    private void PrepareFails(string sentence)
    {
        var data = SmallRuns.Copy(small.Data, _scratch["data"]);
        var before = FolderState.Of(data);

        CommandRun.Of("prepare", "ml-100k", _scratch["logs"], "--out", data, "--overwrite").AssertFails(FaultKind.BadInput, sentence);

        Assert.Equal(before, FolderState.Of(data));
        Assert.Equal(["data", "logs"], Directory.GetDirectories(_scratch.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <summary>Into a store that was made before, which has to stay.</summary>
    private void ReasonFails(string model, FaultKind kind, string sentence)
    {
        if (!File.Exists(_scratch["knowledge.db"]))
            File.Copy(small.Store, _scratch["knowledge.db"]);

        CommandRun.Of("reason", small.Data, "--model", _scratch[model], "--out", _scratch["knowledge.db"]).AssertFails(kind, sentence);

        Assert.Equal(FileHash.OfFile(small.Store), FileHash.OfFile(_scratch["knowledge.db"]));
    }
}
