using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Models;

/// <summary>
/// A run's folder: everything that scoring needs, and nothing outside it. Description, schema, vocabularies, user and item
/// tables and the knowledge stand once; each seed's weights stand in a folder of their own. Every file is checked against
/// its hash before it is read.
/// </summary>
public sealed class ModelFolder
{
    public const string Format = "llm4msr-run/1";

    private const string SeedFormat = "llm4msr-run-seed/1", DescriptionFile = "model.json", FeaturesFolder = "features",
        KnowledgeFolder = "knowledge", WeightsFile = "weights.safetensors", SeedPrefix = "seed-",
        WhatItIs = "model folder", WayOut = "Restore it from a copy, or train again.";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    private ModelFolder(string path, ModelDescription description, RowEncoder encoder, KnowledgeTable? knowledge)
    {
        Path = path;
        Description = description;
        Encoder = encoder;
        Knowledge = knowledge;
    }

    public string Path { get; }

    public ModelDescription Description { get; }

    public RowEncoder Encoder { get; }

    /// <summary>The real knowledge, whichever arm the model was trained with; null for a model without.</summary>
    public KnowledgeTable? Knowledge { get; }

    /// <summary>The seeds whose training has finished, ascending.</summary>
    public IReadOnlyList<int> Seeds => [.. Directory.EnumerateDirectories(Path, SeedPrefix + "*")
        .Select(folder => System.IO.Path.GetFileName(folder)[SeedPrefix.Length..])
        .Where(name => name.All(char.IsAsciiDigit)) // not one that is being written
        .Select(name => int.Parse(name, CultureInfo.InvariantCulture))
        .Order()];

    /// <summary>Writes what all seeds share.</summary>
    /// <param name="addFiles">Writes more files into the folder before its manifest is made.</param>
    public static ModelFolder Create(string path, ModelDescription description, RowEncoder encoder, KnowledgeTable? knowledge, Action<string> addFiles)
    {
        DurableFile.WriteFolder(path, folder =>
        {
            File.WriteAllText(System.IO.Path.Combine(folder, DescriptionFile), JsonSerializer.Serialize(description, s_json) + "\n");
            encoder.Save(System.IO.Path.Combine(folder, FeaturesFolder));
            knowledge?.Save(Directory.CreateDirectory(System.IO.Path.Combine(folder, KnowledgeFolder)).FullName);
            addFiles(folder);
            FolderManifest.Write(folder, Format);
        });
        return new ModelFolder(path, description, encoder, knowledge);
    }

    public static ModelFolder Open(string path)
    {
        FolderManifest.Verify(path, Format, WhatItIs, WayOut);
        var file = System.IO.Path.Combine(path, DescriptionFile);
        ModelDescription description;
        try
        {
            description = JsonSerializer.Deserialize<ModelDescription>(File.ReadAllBytes(file), s_json) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{file}' cannot be read: {e.Message} {WayOut}", e);
        }
        return new ModelFolder(
            path, description, RowEncoder.Load(System.IO.Path.Combine(path, FeaturesFolder)),
            description.Knowledge is null ? null : KnowledgeTableFiles.Load(System.IO.Path.Combine(path, KnowledgeFolder)));
    }

    public string SeedFolder(int seed) => System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{SeedPrefix}{seed}"));

    /// <summary>Adds a trained seed in one step.</summary>
    /// <param name="addFiles">Writes more files beside the weights.</param>
    public void Add(int seed, ClickModel model, Action<string> addFiles) => DurableFile.WriteFolder(SeedFolder(seed), folder =>
    {
        using (var stream = File.Create(System.IO.Path.Combine(folder, WeightsFile)))
            WriteWeights(stream, model);
        addFiles(folder);
        FolderManifest.Write(folder, SeedFormat);
    });

    /// <summary>SHA-256 of the weights file that a model would have.</summary>
    public static string WeightsHash(ClickModel model) => FileHash.Of(stream => WriteWeights(stream, model));

    /// <summary>SHA-256 of a seed's weights file.</summary>
    public string WeightsHash(int seed) => FileHash.OfFile(System.IO.Path.Combine(SeedFolder(seed), WeightsFile));

    /// <summary>The model of one seed, ready to score; owned by the caller.</summary>
    public ClickModel Load(int seed)
    {
        if (!Seeds.Contains(seed))
        {
            throw new Llm4MsrException(FaultKind.Usage, Seeds.Count == 0
                ? $"The {WhatItIs} '{Path}' holds no trained seed yet. Run the training command again: it goes on where it stopped."
                : $"The {WhatItIs} '{Path}' holds no seed {seed}. It holds: {string.Join(", ", Seeds)}.");
        }
        FolderManifest.Verify(SeedFolder(seed), SeedFormat, WhatItIs, WayOut);
        var knowledge = Description.Knowledge;
        var reader = knowledge is null ? null
            : new KnowledgeReader(knowledge.StoredUserWidth, knowledge.UserWidth, knowledge.StoredScenarioWidth, knowledge.ScenarioWidth, Description.Options.Fusion!,
                knowledge.Arm.LearnedUsers(Knowledge!));
        var model = new ClickModel(Encoder.Schema, Encoder.Scenarios.Count, Description.Options, reader, seed: 0);
        try
        {
            LoadWeights(model, System.IO.Path.Combine(SeedFolder(seed), WeightsFile));
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void WriteWeights(Stream stream, ClickModel model) =>
        Safetensors.Write(stream, model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value)));

    private static void LoadWeights(ClickModel model, string path)
    {
        using var file = SafetensorsFile.Open(path);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var places = model.state_dict();
        if (file.Entries.Keys.Except(places.Keys).Concat(places.Keys.Except(file.Entries.Keys)).FirstOrDefault() is { } odd)
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' does not fit the model beside it: '{odd}' is in only one of them. {WayOut}");
        foreach (var (name, place) in places)
        {
            var shape = file.Entry(name).Shape;
            if (!shape.SequenceEqual(place.shape))
            {
                throw new Llm4MsrException(FaultKind.Damaged,
                    $"'{path}': the tensor '{name}' is [{string.Join(", ", shape)}], the model needs [{string.Join(", ", place.shape)}]. {WayOut}");
            }
            place.copy_(file.Read(name));
        }
    }
}
