using System.Globalization;
using System.Text.Json;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>
/// A trainer's state in a folder, whole or not there: a resumed run ends with the same bits as an uninterrupted one (at the
/// same number of threads).
/// </summary>
internal static class Checkpoint
{
    private const string Format = "llm4msr-checkpoint/1", PositionFile = "position.json", TensorsFile = "tensors.safetensors",
        WhatItIs = "checkpoint", WayOut = "Delete it to go on from the one before.";

    /// <summary>In the order of training where names are sorted by their characters.</summary>
    public static string NameOf(TrainingPosition position) =>
        string.Create(CultureInfo.InvariantCulture, $"after-{position.Epochs.Count:D6}-epochs-{position.Step:D9}-steps");

    /// <summary>Nothing is written where a number is not finite.</summary>
    public static void Write(string path, Trainer trainer)
    {
        var state = trainer.State(null).ToList();
        foreach (var (name, tensor) in state)
        {
            if (!Finite.All(tensor))
            {
                throw new Llm4MsrException(FaultKind.Unexpected,
                    $"'{name}' holds a number that is not finite after {trainer.Position.Epochs.Count} epochs and {trainer.Position.Step} steps, "
                    + "so no checkpoint was written; those before it are kept. Try a lower learning rate.");
            }
        }
        DurableFile.ReplaceFolder(path, folder =>
        {
            File.WriteAllText(Path.Combine(folder, PositionFile), JsonSerializer.Serialize(trainer.Position, TrainingJson.File) + "\n");
            using (var stream = File.Create(Path.Combine(folder, TensorsFile)))
                Safetensors.Write(stream, state);
            FolderManifest.Write(folder, Format);
        });
    }

    /// <returns>What is damaged, in words; null where nothing is.</returns>
    public static string? DamageOf(string path)
    {
        try
        {
            FolderManifest.Verify(path, Format, WhatItIs, "");
            return null;
        }
        catch (Llm4MsrException e)
        {
            return e.Message.TrimEnd();
        }
    }

    /// <summary>Puts a trainer where the checkpoint's was; <see cref="DamageOf"/> has found nothing.</summary>
    /// <exception cref="Llm4MsrException">It is of another model; the trainer is not to be used.</exception>
    public static void Restore(string path, Trainer trainer)
    {
        using var file = SafetensorsFile.Open(Path.Combine(path, TensorsFile));
        using var _ = torch.no_grad();
        var places = trainer.State(file.Entries.ContainsKey).ToDictionary(t => t.Name, t => t.Tensor);
        if (file.Entries.Keys.Except(places.Keys).Concat(places.Keys.Except(file.Entries.Keys)).FirstOrDefault() is { } odd)
            throw DoesNotFit($"'{odd}' is in only one of them");
        foreach (var (name, place) in places)
        {
            var entry = file.Entry(name);
            if (!entry.Shape.SequenceEqual(place.shape) || entry.Type != SafetensorsTypes.FromTorch(place.dtype))
                throw DoesNotFit($"'{name}' has another shape");
            file.ReadBytes(entry, place.bytes);
        }
        trainer.Position = TrainingJson.Read<TrainingPosition>(Path.Combine(path, PositionFile), WayOut);

        Llm4MsrException DoesNotFit(string what) => new(FaultKind.Damaged, $"The checkpoint '{path}' does not fit the model that is trained: {what}. {WayOut}");
    }
}
