using System.Text.Json;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Testing;
using Llm4Msr.Training;

namespace Llm4Msr.Cli.Tests;

public sealed class ConfigTests(SmallRuns small) : IDisposable
{
    private const string NoUserLevel = " puts other vectors where users' knowledge is read, and --user-level none reads none. Leave it out, or give the user level a place.";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WithoutAnythingSaidTheDefaultsAreThoseOfTheRecords()
    {
        var config = Config.Resolve([], null);

        Assert.Equivalent(new ModelOptions(), config.Model, strict: true);
        Assert.Equal(new TrainingOptions(), config.Training);
        Assert.Equivalent(new RunOptions(), config.Run, strict: true);
        Assert.Equal(0.5, Config.Resolve([], SplitKind.UserHoldout).Training.IdDropout);
        Assert.Equal(FusionOptions.Paper(), Config.Resolve([Config.Assign("preset=paper"), Config.Assign("model.enhancement=llm4msr")], null).Model.Fusion);
        Assert.Equal(5e-3, Config.Resolve([Config.Assign("preset=paper"), Config.Assign("training.learningRate=5e-3")], null).Training.GeneratorLearningRate);
    }

    [Fact]
    public void EveryKeyCanBeSetToItsDefaultAndNothingChanges()
    {
        var defaults = JsonSerializer.SerializeToNode(Config.Resolve([], null), Config.Json)!;
        Assert.True(Config.Keys.Count > 30);
        foreach (var key in Config.Keys.Where(k => !k.StartsWith("model.fusion.", StringComparison.Ordinal)))
        {
            var value = key.Split('.').Aggregate<string, JsonNode?>(defaults, (node, name) => node![name]);
            var text = value is null ? "null" : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
            Assert.Equal(Config.Canonical(defaults), Config.Canonical(JsonSerializer.SerializeToNode(Config.Resolve([Config.Assign($"{key}={text}")], null), Config.Json)));
        }
    }

    [Fact]
    public void OptionsLieOverSetOverFileOverPreset()
    {
        File.WriteAllText(_scratch["base.json"], """
            {
              "$schema": "x", // may be there
              "preset": "paper",
              "model": { "enhancement": "llm4msr", "fusion": { "userHidden": 9 }, "hiddenWidths": [7, 5] },
              "training": { "batchSize": 77, "learningRate": 0.5, "epochs": 3 },
            }
            """);
        string[] command = ["train", small.Data, "--out", _scratch["run"], "--knowledge", small.Store, "--dry-run", "--json",
            "--config", _scratch["base.json"], "--set", "training.learningRate=0.25", "--set", "training.epochs=4", "--epochs", "5"];

        var config = CommandRun.Succeeding(command).Json.GetProperty("config");

        Assert.Equal(5, config.GetProperty("training").GetProperty("epochs").GetInt32());
        Assert.Equal(0.25, config.GetProperty("training").GetProperty("learningRate").GetDouble());
        Assert.Equal(77, config.GetProperty("training").GetProperty("batchSize").GetInt32());
        Assert.Equal(3, config.GetProperty("training").GetProperty("patience").GetInt32()); // the preset's
        Assert.Equal("[7,5]", Compact(config.GetProperty("model").GetProperty("hiddenWidths")));
        var fusion = config.GetProperty("model").GetProperty("fusion");
        Assert.Equal(9, fusion.GetProperty("userHidden").GetInt32());
        Assert.Equal(64, fusion.GetProperty("scenarioHidden").GetInt32()); // the preset's
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    [Theory]
    [InlineData("training.learningrate=1", "There is no key 'training.learningrate'. Did you mean 'training.learningRate'?")]
    [InlineData("trainig.batchSize=1", "There is no key 'trainig.batchSize'. Did you mean 'training.batchSize'?")]
    [InlineData("training.hiddenWidths=9", "There is no key 'training.hiddenWidths'. Did you mean 'model.hiddenWidths'?")]
    [InlineData("epochs=1", "There is no key 'epochs'. Did you mean 'training.epochs'?")]
    [InlineData("training=1", "'training' is a group of keys, for example 'training.batchSize'. Set one of them.")]
    [InlineData("training.batchSize=many", "training.batchSize is \"many\", expected a whole number.")]
    [InlineData("training.batchSize=1.5", "training.batchSize is 1.5, expected a whole number.")]
    [InlineData("training.monitor=auc", "training.monitor is \"auc\", expected one of: mean-auc, worst-auc, log-loss.")]
    [InlineData("model.enhancement=llm", "model.enhancement is \"llm\", expected one of: none, dynamic-network, epnet, llm4msr, knowledge-field.")]
    [InlineData("keepRowsWithoutKnowledge=perhaps", "keepRowsWithoutKnowledge is \"perhaps\", expected true or false.")]
    [InlineData("training", "--set is 'training', expected KEY=VALUE, for example training.learningRate=0.0003.")]
    public void WhatCannotBeSetIsNamed(string assignment, string sentence) =>
        CommandRun.Of("config", "show", "--set", assignment).AssertFails(FaultKind.Usage, sentence);

    [Theory]
    [InlineData("--set", "model.backbone=starr", "model.backbone is \"starr\", expected one of: shared-bottom, star, omoe, mmoe, ple, aitm.")]
    [InlineData("--config", """{ "training": null }""", "training is null, expected what 'llm4msr config schema' says.")]
    public void AWrongValueIsToldEvenWhereAnotherLiesOverIt(string option, string value, string sentence)
    {
        if (option == "--config")
        {
            File.WriteAllText(_scratch["base.json"], value);
            value = _scratch["base.json"];
        }
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--dry-run", "--backbone", "star", "--epochs", "1", option, value).AssertFails(FaultKind.Usage, sentence);
    }

    [Fact]
    public void SeedsEndAtTheLargestNumber()
    {
        string[] command = ["train", small.Data, "--out", _scratch["run"], "--dry-run", "--first-seed", "2147483647", "--seeds"];

        Assert.Equal(0, CommandRun.Of([.. command, "1"]).Code);
        CommandRun.Of([.. command, "2"]).AssertFails(FaultKind.Usage, "--seeds 2 counted from --first-seed 2147483647 pass 2147483647, the largest seed. Start lower.");
    }

    [Theory]
    [InlineData("model.experts.count=8", "star", "model.experts.count is 8, and nothing reads it: it belongs to --backbone omoe or mmoe. Leave it out, or say --backbone omoe or mmoe.")]
    [InlineData("model.experts.shared=3", "mmoe", "model.experts.shared is 3, and nothing reads it: it belongs to --backbone ple. Leave it out, or say --backbone ple.")]
    [InlineData("model.transfer.scenarioOrder=[1,0]", "ple", "model.transfer.scenarioOrder is [1,0], and nothing reads it: it belongs to --backbone aitm. Leave it out, or say --backbone aitm.")]
    [InlineData("model.scenarioEmbeddingSize=4", "ple", "model.scenarioEmbeddingSize is 4, and nothing reads it: it belongs to --backbone star, --enhancement dynamic-network or epnet. Leave it out, or say --backbone star, --enhancement dynamic-network or epnet.")]
    [InlineData("model.fusion.rank=4", "star", "model.fusion.rank is 4, and nothing reads it: it belongs to --enhancement llm4msr. Leave it out, or say --enhancement llm4msr.")]
    [InlineData("training.generatorLearningRate=0.1", "star", "training.generatorLearningRate is 0.1, and nothing reads it: it belongs to --enhancement llm4msr. Leave it out, or say --enhancement llm4msr.")]
    public void AValueThatNobodyReadsIsAnError(string assignment, string backbone, string sentence) =>
        CommandRun.Of("train", small.Data, "--out", _scratch["run"], "--dry-run", "--backbone", backbone, "--set", assignment).AssertFails(FaultKind.Usage, sentence);

    /// <summary>What a level reads depends on its place and its layers, said as keys or as options.</summary>
    [Theory]
    [InlineData("--set model.fusion.userHidden=8 --set model.fusion.layers=1", "model.fusion.userHidden is 8", "--enhancement llm4msr with a user level of two generated layers or more")]
    [InlineData("--set model.fusion.userHidden=8 --meta-layers 1", "model.fusion.userHidden is 8", "--enhancement llm4msr with a user level of two generated layers or more")]
    [InlineData("--set model.fusion.userHidden=8 --user-level none", "model.fusion.userHidden is 8", "--enhancement llm4msr with a user level of two generated layers or more")]
    [InlineData("--set model.fusion.scenarioHidden=8 --meta-layers 1", "model.fusion.scenarioHidden is 8", "--enhancement llm4msr with a scenario level of two generated layers or more")]
    public void WhatALevelDoesNotReadIsAnError(string options, string value, string needed) =>
        CommandRun.Of(["train", small.Data, "--out", _scratch["run"], "--dry-run", "--enhancement", "llm4msr", "--knowledge", small.Store, .. options.Split(' ')])
            .AssertFails(FaultKind.Usage, $"{value}, and nothing reads it: it belongs to {needed}. Leave it out, or say {needed}.");

    [Theory]
    [InlineData("--backbone aitm --set model.transfer.scenarioOrder=[0,1,3]", "The scenario order is 0,1,3, expected each of the scenarios 0 to 2 once.")]
    [InlineData("--state mean", "--state mean names one of the states that knowledge holds, and there is no knowledge. Leave it out, or add --knowledge KNOWLEDGE.db.")]
    [InlineData("--drop-rows-without-knowledge", "--drop-rows-without-knowledge needs --knowledge, which says which rows have any.")]
    [InlineData("--arm shuffled", "--arm shuffled puts other vectors where knowledge is read, and --enhancement none reads none. Leave it out, or say --enhancement llm4msr.")]
    [InlineData("--enhancement llm4msr --knowledge STORE --user-level none --arm shuffled", "--arm shuffled" + NoUserLevel)]
    [InlineData("--enhancement llm4msr --knowledge STORE --user-level none --arm constant", "--arm constant" + NoUserLevel)]
    [InlineData("--enhancement llm4msr --knowledge STORE --user-level none --arm id-embedding", "--arm id-embedding" + NoUserLevel)]
    public void WhatCannotBeTrainedIsSaidBeforehand(string options, string sentence) =>
        CommandRun.Of(["train", small.Data, "--out", _scratch["run"], "--dry-run", .. options.Replace("STORE", small.Store, StringComparison.Ordinal).Split(' ')])
            .AssertFails(FaultKind.Usage, sentence);

    [Fact]
    public void RandomVectorsOfScenariosNeedNoUserLevel() => CommandRun.Succeeding(
        "train", small.Data, "--out", _scratch["run"], "--dry-run", "--enhancement", "llm4msr", "--knowledge", small.Store, "--user-level", "none", "--meta-layers", "1", "--arm", "random");

    [Theory]
    [InlineData(EnhancementKind.Llm4msr, EnhancementKind.None)]
    [InlineData(EnhancementKind.Llm4msr, EnhancementKind.KnowledgeField)]
    [InlineData(EnhancementKind.KnowledgeField, EnhancementKind.Epnet)]
    [InlineData(EnhancementKind.None, EnhancementKind.Llm4msr)]
    public void AWholeConfigurationCanBeGivenAnotherEnhancement(EnhancementKind from, EnhancementKind to)
    {
        var shown = (JsonObject)JsonSerializer.SerializeToNode(Config.Resolve([Config.Assign("model.enhancement", Spelling.Of(from))], null), Config.Json)!;

        var other = Config.Resolve([shown, Config.Assign("model.enhancement", Spelling.Of(to))], null);

        Assert.Equivalent(Config.Resolve([Config.Assign("model.enhancement", Spelling.Of(to))], null), other, strict: true);
    }

    [Theory]
    [InlineData("""{ "training": { "batch_size": 3 } }""", "There is no key 'training.batch_size'. Did you mean 'training.batchSize'?")]
    [InlineData("""{ "optimiser": { "name": "adam" } }""", "There is no key 'optimiser'.")]
    public void AnUnknownKeyOfAFileIsNamedWithItsFile(string json, string sentence)
    {
        File.WriteAllText(_scratch["base.json"], json);
        CommandRun.Of("config", "show", "--config", _scratch["base.json"]).AssertFails(FaultKind.Usage, $"'{_scratch["base.json"]}': {sentence}");
    }

    [Fact]
    public void AFileThatIsNoConfigurationIsNamed()
    {
        foreach (var json in new[] { "", "[1]", "{", """{ "threads": 1, "threads": 2 }""" })
        {
            File.WriteAllText(_scratch["base.json"], json);
            var run = CommandRun.Of("config", "show", "--config", _scratch["base.json"]);
            Assert.Equal((int)FaultKind.Usage, run.Code);
            Assert.StartsWith($"error: '{_scratch["base.json"]}' cannot be read: ", run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WhatIsShownIsReadAgainAsTheSame()
    {
        var shown = CommandRun.Succeeding("config", "show", "--set", "preset=paper", "--set", "model.enhancement=llm4msr", "--set", "model.hiddenWidths=9,7").Output;
        File.WriteAllText(_scratch["shown.json"], shown);

        Assert.Equal(shown, CommandRun.Succeeding("config", "show", "--config", _scratch["shown.json"]).Output);
        Assert.Contains("\"userHidden\": 64", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EnhancementKind.KnowledgeField, EnhancementKind.Llm4msr)]
    [InlineData(EnhancementKind.None, EnhancementKind.Llm4msr)]
    [InlineData(EnhancementKind.Llm4msr, EnhancementKind.Epnet)]
    public void WhatIsShownLeavesToOthersWhatItDoesNotRead(EnhancementKind shown, EnhancementKind other)
    {
        var start = Config.Shown([Config.Assign("model.enhancement", Spelling.Of(shown))]);

        var resolved = Config.Resolve([start, Config.Assign("model.enhancement", Spelling.Of(other))], SplitKind.UserHoldout);

        Assert.Equivalent(Config.Resolve([Config.Assign("model.enhancement", Spelling.Of(other))], SplitKind.UserHoldout), resolved, strict: true);
        Assert.Equal(0.5, resolved.Training.IdDropout); // which the split decides
    }

    [Fact]
    public void OnePresetsValuesAreNotTakenForAnothers()
    {
        var error = Assert.Throws<Llm4MsrException>(() => Config.Resolve([Config.Shown([]), Config.Assign("preset=paper")], null));

        Assert.StartsWith("preset is default in one place and paper in another, ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSchemaKnowsEveryKeyAndNoOther()
    {
        var schema = JsonNode.Parse(CommandRun.Succeeding("config", "schema").Output)!;

        Assert.Equal(Config.Keys.Append("$schema").Order(StringComparer.Ordinal), KeysOf(schema, "").Order(StringComparer.Ordinal));
        Assert.False(schema["additionalProperties"]!.GetValue<bool>());
        Assert.Equal("[\"mean-auc\",\"worst-auc\",\"log-loss\"]", schema["properties"]!["training"]!["properties"]!["monitor"]!["enum"]!.ToJsonString());

        static IEnumerable<string> KeysOf(JsonNode node, string prefix) => node["properties"] is not JsonObject properties
            ? [prefix.TrimEnd('.')]
            : properties.SelectMany(p => KeysOf(p.Value!, $"{prefix}{p.Key}."));
    }

    [Fact]
    public void ADryRunTellsTheSizeAndWritesNothing()
    {
        var size = CommandRun.Succeeding("train", small.Data, "--out", _scratch["run"], "--embedding", "4", "--hidden", "8,4", "--dry-run", "--json").Json.GetProperty("size");

        var parameters = size.GetProperty("parameters").GetInt64();
        using var model = ModelFolder.Open(small.PlainRun).Load(1);
        Assert.Equal(model.parameters().Sum(p => p.numel()), parameters);
        Assert.Equal(5 * sizeof(float) * parameters, size.GetProperty("bytes").GetInt64());
        Assert.All(size.GetProperty("tables").EnumerateArray(), t => Assert.Equal("dense", t.GetProperty("adam").GetString()));
        Assert.False(Directory.Exists(_scratch["run"]));
    }

    [Fact]
    public void AConfigurationTrainsWhatTheSameOptionsTrain()
    {
        File.WriteAllText(_scratch["base.json"], """{ "model": { "embeddingSize": 4, "hiddenWidths": [8, 4] }, "training": { "epochs": 2, "batchSize": 128 } }""");

        CommandRun.Succeeding("train", small.Data, "--config", _scratch["base.json"], "--out", _scratch["run"]);

        Assert.Equal(ModelFolder.Open(small.PlainRun).WeightsHash(1), ModelFolder.Open(_scratch["run"]).WeightsHash(1));
    }

    [Fact]
    public void ARunFolderTellsEverything()
    {
        using var setup = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(small.EnhancedRun, "training.json")));
        var told = setup.RootElement;

        var data = InteractionDataset.Open(small.Data).Description;
        Assert.Equal(data.InteractionsHash, told.GetProperty("interactionsHash").GetString());
        Assert.Equal(data.TrainingPartHash, told.GetProperty("trainingPartHash").GetString());
        Assert.Equal("imported", told.GetProperty("knowledgeFingerprint").GetProperty("source").GetString());
        Assert.Equal(ProgramVersion.Current, told.GetProperty("program").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+\+[0-9a-f]{40}$", ProgramVersion.Current);
        Assert.Equal(Environment.ProcessorCount, told.GetProperty("machine").GetProperty("processors").GetInt32());
        Assert.Equal(1, told.GetProperty("options").GetProperty("threads").GetInt32());
        Assert.Equal(ModelFolder.Open(small.EnhancedRun).Encoder.Schema.Fields.Count, told.GetProperty("tables").GetArrayLength());
        using var metrics = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(small.EnhancedRun, "seed-1", "metrics.json")));
        Assert.Equal(ModelFolder.Open(small.EnhancedRun).WeightsHash(1), metrics.RootElement.GetProperty("weights").GetString());
        Assert.Equal(2, File.ReadAllLines(Path.Combine(small.EnhancedRun, "seed-1", "epochs.jsonl")).Length);
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);
}
