using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Models.Backbones;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using TorchSharp;

namespace Llm4Msr.Training;

/// <summary>What to train, from the command line or a script.</summary>
public sealed record RunOptions
{
    public ModelOptions Model { get; init; } = new();

    public TrainingOptions Training { get; init; } = new();

    public KnowledgeArm Arm { get; init; } = KnowledgeArm.Real;

    /// <summary>The state definition that the knowledge is read in; null for a model without knowledge.</summary>
    public string? State { get; init; }

    /// <summary>Whether training rows that no snapshot is older than are trained on (with the "no knowledge" vector) or left out.</summary>
    public bool KeepRowsWithoutKnowledge { get; init; } = true;

    /// <summary>
    /// Percent of the users whose knowledge is read: those with the most interactions (<see cref="UserActivity"/>). To the model
    /// the others are users without knowledge, in training and ever after. Null for all.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ActiveUsers { get; init; }

    /// <summary>The scenarios whose rows are trained on, choose the epoch and are tested; null for all. No label of another one is read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Scenarios { get; init; }

    /// <summary>Torch threads; the same number gives the same bits.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Minutes of training after which a checkpoint is written within an epoch; after each epoch there is one in any case.</summary>
    public double CheckpointMinutes { get; init; } = 10;

    /// <summary>Throws with everything that is wrong.</summary>
    public void Check()
    {
        List<string> problems = [];
        void Require(bool right, string key, object value, string expected)
        {
            if (!right)
                problems.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key} is {value}, expected {expected}"));
        }
        problems.AddRange(Model.Problems());
        Require(Training.BatchSize > 0, "batch-size", Training.BatchSize, "1 or more");
        Require(Training.LearningRate > 0, "learning-rate", Training.LearningRate, "more than 0");
        Require(Training.GeneratorLearningRate > 0, "generator-learning-rate", Training.GeneratorLearningRate, "more than 0");
        Require(Training.WeightDecay >= 0, "weight-decay", Training.WeightDecay, "0 or more");
        Require(Training.Epochs > 0, "epochs", Training.Epochs, "1 or more");
        Require(Training.Patience > 0, "patience", Training.Patience, "1 or more");
        Require(Training.KnowledgeDropout is >= 0 and < 1, "knowledge-dropout", Training.KnowledgeDropout, "0 or more and less than 1");
        Require(Training.IdDropout is >= 0 and < 1, "id-dropout", Training.IdDropout, "0 or more and less than 1");
        Require(ActiveUsers is null or (> 0 and < 100), "active-users", ActiveUsers ?? 0, "more than 0 and less than 100 percent");
        Require(Scenarios is null || Scenarios.Count > 0 && Scenarios.Distinct().Count() == Scenarios.Count, "scenarios", string.Join(", ", Scenarios ?? []), "one name or more, each once");
        Require(Threads > 0, "threads", Threads, "1 or more");
        Require(CheckpointMinutes >= 0, "checkpoint-minutes", CheckpointMinutes, "0 or more");
        if (problems.Count > 0)
            throw new Llm4MsrException(FaultKind.Usage, $"These options cannot be used: {string.Join("; ", problems)}.");
    }
}

/// <summary>What a run folder was made with.</summary>
/// <param name="Program">Version and commit of the program that made the folder.</param>
/// <param name="Tables">How each field's embedding table is trained.</param>
public sealed record RunSetup(
    RunOptions Options, string DataFolder, string InteractionsHash, string TrainingPartHash, SplitOptions Split, int TrainingRows,
    string? KnowledgeContentHash, JsonNode? KnowledgeFingerprint, string Program, Machine Machine, IReadOnlyList<TableTraining> Tables);

/// <summary>
/// Trains one model per seed into a run folder. A seed is added when it is finished; what is killed before goes on from its
/// newest checkpoint and ends with the same bits.
/// </summary>
public sealed class TrainingRun
{
    private const string SetupFile = "training.json", MetricsFile = "metrics.json", WayOut = "Train again.";

    private readonly InteractionDataset _data;
    private readonly RunOptions _options;
    private readonly TrainingRows _rows;
    private readonly ModelFolder _folder;

    /// <summary>Whether a model can be built and trained so; nothing is written.</summary>
    /// <param name="table">Knowledge of this data; null for none.</param>
    /// <exception cref="Llm4MsrException">It cannot.</exception>
    public static void Check(InteractionDataset data, KnowledgeTable? table, RunOptions options)
    {
        options.Check();
        var rows = TrainingRows.Of(data, table, options);
        if (options.Model.Backbone == BackboneKind.Aitm)
            Aitm.Order(options.Model.Transfer.ScenarioOrder, data.Description.Scenarios.Count);
        if (options.Model.Fusion is null)
            return;
        _ = rows.Snapshots;
        if (options.Arm == KnowledgeArm.Shuffled)
            KnowledgeControls.RequireSeveralUsers(rows.Table!);
    }

    /// <param name="table">Knowledge of this data; also decides which rows are trained on by a model that does not read it. Null for none.</param>
    /// <param name="path">The run folder: made, or gone on with if it was made with the same data, knowledge and options.</param>
    public TrainingRun(InteractionDataset data, string dataFolder, KnowledgeTable? table, RunOptions options, string path)
    {
        _data = data;
        _options = options;
        _rows = TrainingRows.Of(data, table, options);
        var setup = new RunSetup(
            options, System.IO.Path.GetFullPath(dataFolder), data.Description.InteractionsHash, data.Description.TrainingPartHash, data.Description.Split,
            _rows.Ranks.Length, table?.Origin.ContentHash, table is null ? null : JsonNode.Parse(table.Origin.Fingerprint.ToJson()),
            ProgramVersion.Current, Machine.Current,
            ModelSize.TablesOf(data.Encoder.Schema));
        _folder = Directory.Exists(path) ? GoOn(path, setup) : Create(path, setup);
    }

    public string Path => _folder.Path;

    public int RowsTrainedOn => _rows.Ranks.Length;

    public ModelFolder Folder => _folder;

    /// <summary>In words, that the folder was begun by another program or on another machine, so that seeds may differ in bits; null where it was not.</summary>
    public string? Remark { get; private set; }

    /// <summary>Trains one seed, from its newest checkpoint where there is one, and adds it to the folder; or reads its metrics if it is there.</summary>
    /// <param name="afterStep">Called with (epoch, step, steps per epoch, loss); may throw to stop, and the next call goes on there.</param>
    /// <param name="say">Told what is worth knowing about going on.</param>
    public SeedResult Train(
        int seed, Action<int, int, int, float>? afterStep = null, Action<EpochResult>? afterEpoch = null, Action<string>? say = null)
    {
        if (!_folder.Seeds.Contains(seed))
            TrainAndAdd(seed, afterStep, afterEpoch, say);
        SeedInProgress.Clear(_folder, seed);
        return ReadResult(_folder, seed);
    }

    private void TrainAndAdd(int seed, Action<int, int, int, float>? afterStep, Action<EpochResult>? afterEpoch, Action<string>? say)
    {
        using var progress = SeedInProgress.Open(_folder, seed);
        if (_folder.Seeds.Contains(seed))
            return; // finished by another process before this one took its turn
        using var scope = torch.NewDisposeScope();
        var table = _options.Model.Fusion is null ? null : _options.Arm.Apply(_rows.Table!, seed);
        using var model = Build(table, (ulong)seed);
        using var visible = table is null ? null : Visible(_data, table, model);
        using var trainer = new Trainer(model, _data, _rows.Ranks, _data.RanksOf(Part.Validation, _options.Scenarios), visible, _options.Training, (ulong)seed);
        progress.Resume(trainer, say ?? (_ => { }));
        if (trainer.Position is { Epochs.Count: > 0 } or { Step: > 0 })
            say?.Invoke($"Seed {seed} goes on after {trainer.Position.Epochs.Count} epochs and {trainer.Position.Step} steps.");

        Fit(trainer, progress, afterStep, afterEpoch);
        var best = trainer.Position.Best!;
        var result = new SeedResult(
            seed, best.Epoch, trainer.Position.Epochs.Count, best.Validation,
            Evaluator.Evaluate(model, _data, _data.RanksOf(Part.Test, _options.Scenarios), visible, new EvaluationOptions()), ModelFolder.WeightsHash(model));
        _folder.Add(seed, model, folder =>
        {
            SeedInProgress.WriteEpochs(folder, trainer.Position.Epochs);
            File.WriteAllText(System.IO.Path.Combine(folder, MetricsFile), JsonSerializer.Serialize(result, TrainingJson.File) + "\n");
        });
    }

    private void Fit(Trainer trainer, SeedInProgress progress, Action<int, int, int, float>? afterStep, Action<EpochResult>? afterEpoch)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (var epoch in trainer.Fit(AfterStep))
            {
                progress.Append(epoch);
                Save();
                afterEpoch?.Invoke(epoch);
            }
        }
        catch (Llm4MsrException e) when (e.Data[TrainingStep.RowsOfBatch] is int[] ranks)
        {
            progress.SaveFaultyBatch(e.Message, ranks);
            throw;
        }

        void AfterStep(int epoch, int step, float loss)
        {
            if (clock.Elapsed.TotalMinutes >= _options.CheckpointMinutes)
                Save();
            afterStep?.Invoke(epoch, step, trainer.Steps, loss);
        }

        void Save()
        {
            progress.Save(trainer);
            clock.Restart();
        }
    }

    public static SeedResult ReadResult(ModelFolder folder, int seed) => TrainingJson.Read<SeedResult>(System.IO.Path.Combine(folder.SeedFolder(seed), MetricsFile), WayOut);

    /// <summary>Knowledge as a trained model reads it, and what each interaction may see of it; owned by the caller.</summary>
    public static VisibleKnowledge Visible(InteractionDataset data, KnowledgeTable table, ClickModel model) => new(
        FrozenKnowledge.Of(table, model.Knowledge!, [.. data.Description.Scenarios.Select(s => s.Name)]), TrainingRows.Seen(data, table));

    /// <summary>Rows of prepared data as a trained seed scores them, with the knowledge that the run was given.</summary>
    /// <param name="folder">Of a run on these data.</param>
    public static ScoredRows Score(ModelFolder folder, InteractionDataset data, int seed, int[] ranks)
    {
        using var scope = torch.NewDisposeScope();
        using var model = folder.Load(seed);
        if (folder.Knowledge is null)
            return Evaluator.Score(model, data, ranks, null);
        using var visible = Visible(data, folder.Description.Knowledge!.Arm.Apply(folder.Knowledge, seed), model);
        return Evaluator.Score(model, data, ranks, visible);
    }

    /// <summary>The rows of a part of several folds together, by seed.</summary>
    /// <param name="folds">Of the same seeds, each with the data that its models were trained on.</param>
    public static Dictionary<int, ScoredRows> ScoreFolds(IReadOnlyList<(ModelFolder Folder, InteractionDataset Data)> folds, Part part)
    {
        var ranks = folds.Select(fold => fold.Data.RanksOf(part)).ToList();
        return folds[0].Folder.Seeds.ToDictionary(
            seed => seed, seed => ScoredRows.OfFolds([.. folds.Zip(ranks, (fold, own) => Score(fold.Folder, fold.Data, seed, own))]));
    }

    /// <summary>Where the data lay that a run was trained on.</summary>
    public static string DataFolderOf(ModelFolder folder) => SetupOf(folder).DataFolder;

    public static RunSetup SetupOf(ModelFolder folder) => TrainingJson.Read<RunSetup>(System.IO.Path.Combine(folder.Path, SetupFile), WayOut);

    /// <summary>The epochs of a finished seed, in their order.</summary>
    public static IReadOnlyList<EpochSummary> EpochsOf(ModelFolder folder, int seed) => SeedInProgress.ReadEpochs(folder.SeedFolder(seed), WayOut);

    private ModelFolder Create(string path, RunSetup setup)
    {
        var (fusion, table) = (_options.Model.Fusion, _rows.Table);
        var knowledge = fusion is null ? null : new ModelKnowledge(
            _options.Arm,
            table!.UserWidth, KnowledgeReader.UserWidthRead(fusion, table.UserWidth, _rows.Snapshots.Length),
            table.ScenarioWidth, KnowledgeReader.ScenarioWidthRead(fusion, table.ScenarioWidth, table.ScenarioRows(_options.Scenarios).Length))
        {
            ActiveUsers = _options.ActiveUsers,
        };
        var description = new ModelDescription(_options.Model, _data.Description.InteractionsHash, _data.Description.TrainingPartHash, knowledge)
        {
            Scenarios = _options.Scenarios,
        };
        return ModelFolder.Create(path, description, _data.Encoder, knowledge is null ? null : table, folder =>
            File.WriteAllText(System.IO.Path.Combine(folder, SetupFile), JsonSerializer.Serialize(setup, TrainingJson.File) + "\n"));
    }

    private ModelFolder GoOn(string path, RunSetup setup)
    {
        var folder = ModelFolder.Open(path);
        var before = SetupOf(folder);
        string?[] differences =
        [
            ThatMatter(before.Options) != ThatMatter(setup.Options) ? "its options" : null,
            folder.Description.TrainingPartHash != _data.Description.TrainingPartHash ? "its data" : null,
            before.KnowledgeContentHash != setup.KnowledgeContentHash ? "its knowledge" : null,
        ];
        if (differences.Any(d => d is not null))
        {
            throw new Llm4MsrException(FaultKind.Usage,
                $"The run folder '{path}' was made with something else: {string.Join(" and ", differences.Where(d => d is not null))} differ. "
                + $"Name another folder, or use what it was made with ({System.IO.Path.Combine(path, SetupFile)}).");
        }
        string?[] changes =
        [
            before.Program != setup.Program ? $"by {before.Program}, this is {setup.Program}" : null,
            before.Machine.Processor != setup.Machine.Processor ? $"on {before.Machine.Processor}, this is {setup.Machine.Processor}" : null,
        ];
        if (changes.Any(c => c is not null))
            Remark = $"The run folder '{path}' was begun {string.Join(", and ", changes.Where(c => c is not null))}: what is trained from here on may differ from what it would have been in the last bits.";
        return folder;
    }

    /// <summary>When checkpoints are written changes no bit of a result.</summary>
    private static string ThatMatter(RunOptions options) =>
        JsonSerializer.Serialize(options with { CheckpointMinutes = default }, TrainingJson.Line);

    private ClickModel Build(KnowledgeTable? table, ulong seed)
    {
        KnowledgeReader? reader = null;
        if (table is not null)
        {
            var users = torch.tensor(table.UserVectors).view(table.Count, table.UserWidth).index_select(0, torch.tensor(_rows.Snapshots));
            var scenarios = torch.tensor(table.ScenarioVectors).view(-1, table.ScenarioWidth).index_select(0, torch.tensor(table.ScenarioRows(_options.Scenarios)));
            reader = new KnowledgeReader(users, scenarios, _options.Model.Fusion!, _options.Arm.LearnedUsers(table), seed);
        }
        return new ClickModel(_data.Encoder.Schema, _data.Description.Scenarios.Count, _options.Model, reader, seed);
    }
}

/// <summary>How the training of one seed ended.</summary>
/// <param name="BestEpoch">Whose weights were kept.</param>
/// <param name="Epochs">Trained in all.</param>
/// <param name="Validation">At the best epoch.</param>
/// <param name="Test">With the weights kept.</param>
/// <param name="Weights">SHA-256 of the weights kept, which is their file's.</param>
public sealed record SeedResult(int Seed, int BestEpoch, int Epochs, Metrics Validation, Metrics Test, string Weights);
