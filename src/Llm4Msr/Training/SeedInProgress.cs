using System.Globalization;
using System.Text.Json;
using Llm4Msr.Models;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>
/// A seed that is being trained: its checkpoints and the log of its epochs, in a folder of the run that goes when the seed is
/// finished. One process at a time trains a seed.
/// </summary>
internal sealed class SeedInProgress : IDisposable
{
    private const int Kept = 3;
    private const string EpochsFile = "epochs.jsonl", FaultyBatchFile = "faulty-batch.json", CheckpointPrefix = "after-", LockFile = "training", Unfinished = ".tmp";

    private readonly string _folder;
    private readonly WriterLock _lock;

    private SeedInProgress(string folder, WriterLock @lock)
    {
        _folder = folder;
        _lock = @lock;
    }

    /// <summary>Takes the right to train a seed, and clears away what a killed process left half written.</summary>
    public static SeedInProgress Open(ModelFolder run, int seed)
    {
        var folder = Directory.CreateDirectory(FolderOf(run, seed)).FullName;
        var @lock = WriterLock.Acquire(Path.Combine(folder, LockFile), $"training of seed {seed}");
        IEnumerable<string> halves =
        [
            .. Directory.EnumerateDirectories(folder, "*" + Unfinished),
            .. Directory.EnumerateDirectories(run.Path, $"{Path.GetFileName(run.SeedFolder(seed))}.*{Unfinished}"),
        ];
        foreach (var half in halves)
            Directory.Delete(half, recursive: true);
        return new SeedInProgress(folder, @lock);
    }

    /// <summary>Clears away what is of no use once the seed is finished, whoever finished it.</summary>
    public static void Clear(ModelFolder run, int seed)
    {
        if (Directory.Exists(FolderOf(run, seed)))
            Directory.Delete(FolderOf(run, seed), recursive: true);
    }

    /// <summary>Puts the trainer where the newest checkpoint that is whole left off, and the log of epochs with it.</summary>
    /// <param name="say">Told about every damaged checkpoint that was passed over.</param>
    public void Resume(Trainer trainer, Action<string> say)
    {
        List<string> damaged = [];
        var whole = Enumerable.Reverse(Checkpoints()).FirstOrDefault(path =>
        {
            if (Checkpoint.DamageOf(path) is not { } damage)
                return true;
            damaged.Add(path);
            say($"{damage} It is passed over for the one before it.");
            return false;
        });
        if (whole is not null)
        {
            Checkpoint.Restore(whole, trainer);
            damaged.ForEach(path => Directory.Delete(path, recursive: true)); // or they would be taken for newer ones
        }
        else if (damaged.Count > 0)
        {
            throw new Llm4MsrException(FaultKind.Damaged,
                $"No checkpoint in '{_folder}' can be read, so that this training cannot go on. Delete that folder to train the seed from its start.");
        }
        DurableFile.WriteText(Path.Combine(_folder, EpochsFile), string.Concat(trainer.Position.Epochs.Select(e => Line(e) + "\n")));
    }

    /// <summary>Adds an epoch to the log.</summary>
    public void Append(EpochResult epoch) => DurableFile.AppendLine(Path.Combine(_folder, EpochsFile), Line(epoch));

    public void Save(Trainer trainer)
    {
        Checkpoint.Write(Path.Combine(_folder, Checkpoint.NameOf(trainer.Position)), trainer);
        foreach (var old in Checkpoints().SkipLast(Kept))
            Directory.Delete(old, recursive: true);
    }

    /// <summary>Keeps the rows of a batch that could not be trained on.</summary>
    public void SaveFaultyBatch(string what, int[] ranks) =>
        DurableFile.WriteText(Path.Combine(_folder, FaultyBatchFile), JsonSerializer.Serialize(new { what, ranks }, TrainingJson.File) + "\n");

    /// <summary>Writes the log of epochs into the finished seed's folder.</summary>
    public static void WriteEpochs(string folder, IEnumerable<EpochResult> epochs) =>
        File.WriteAllLines(Path.Combine(folder, EpochsFile), epochs.Select(Line));

    /// <summary>Reads the log of <see cref="WriteEpochs"/>.</summary>
    public static IReadOnlyList<EpochSummary> ReadEpochs(string folder, string wayOut)
    {
        var path = Path.Combine(folder, EpochsFile);
        try
        {
            return [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<EpochSummary>(line, TrainingJson.Line) ?? throw new JsonException("a line is empty"))];
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read: {e.Message} {wayOut}", e);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string FolderOf(ModelFolder run, int seed) =>
        Path.Combine(run.Path, string.Create(CultureInfo.InvariantCulture, $"training-{seed}"));

    private static string Line(EpochResult epoch) => JsonSerializer.Serialize(epoch, TrainingJson.Line);

    /// <summary>Oldest first.</summary>
    private List<string> Checkpoints() =>
        [.. Directory.EnumerateDirectories(_folder, CheckpointPrefix + "*").Where(p => !p.EndsWith(Unfinished, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
