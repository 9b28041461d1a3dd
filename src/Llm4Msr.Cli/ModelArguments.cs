using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>
/// The options that say what a model is built of. Each belongs to some backbones or enhancements, and said beside another it
/// is an error: an option that is read by nobody changes no result.
/// </summary>
internal sealed class ModelArguments
{
    public enum Alphas
    {
        One,
        PerScenario,
    }

    private const int DefaultRank = 8;

    private static readonly ModelOptions s_model = new();
    private static readonly FusionOptions s_fusion = new(), s_paper = FusionOptions.Paper();

    private readonly Option<Spelled<BackboneKind>> _backbone = Spelling.Option("--backbone", "The network for all scenarios; 'llm4msr backbones list' explains them.", s_model.Backbone);
    private readonly Option<Spelled<EnhancementKind>> _enhancement =
        Spelling.Option("--enhancement", "What is built around it; llm4msr and knowledge-field need --knowledge.", s_model.Enhancement);
    private readonly Option<int> _embedding = new("--embedding") { Description = "Size of each field's embedding.", DefaultValueFactory = _ => s_model.EmbeddingSize };
    private readonly Option<string> _hidden = new("--hidden") { Description = "Widths of the hidden layers.", DefaultValueFactory = _ => string.Join(',', s_model.HiddenWidths) };
    private readonly Option<int?> _experts = new("--experts") { Description = $"omoe, mmoe: number of experts [default: {s_model.Experts.Count}]." };
    private readonly Option<int?> _specificExperts = new("--specific-experts") { Description = $"ple: experts of each scenario per level [default: {s_model.Experts.Specific}]." };
    private readonly Option<int?> _sharedExperts = new("--shared-experts") { Description = $"ple: experts of all scenarios per level [default: {s_model.Experts.Shared}]." };
    private readonly Option<string?> _scenarioOrder = new("--scenario-order") { Description = "aitm: scenarios in the order of the transfer, by name or index [default: the data's].", HelpName = "A,B,C" };
    private readonly Option<bool> _stopGradient = new("--stop-gradient") { Description = "aitm: a scenario's loss leaves the networks of those before it alone." };
    private readonly Option<int?> _metaLayers = new("--meta-layers") { Description = $"llm4msr: generated layers of each level, 1 to 4 [default: {s_fusion.Layers}]." };
    private readonly Option<FusionPlacement?> _userLevel = Spelling.MaybeOption<FusionPlacement>("--user-level", $"llm4msr: where users' layers stand [default: {Spelling.Of(s_fusion.UserLevel)}].");
    private readonly Option<FusionPlacement?> _scenarioLevel = Spelling.MaybeOption<FusionPlacement>("--scenario-level", $"llm4msr: where scenarios' layers stand [default: {Spelling.Of(s_fusion.ScenarioLevel)}].");
    private readonly Option<ScenarioInput?> _scenarioInput = Spelling.MaybeOption<ScenarioInput>("--scenario-input", $"llm4msr: what scenarios' layers in parallel read [default: {Spelling.Of(s_fusion.ScenarioInput)}].");
    private readonly Option<GeneratorKind?> _generator = Spelling.MaybeOption<GeneratorKind>("--generator", $"llm4msr: how weights come from users' vectors [default: {Spelling.Of(s_fusion.Generator)}; paper: {Spelling.Of(s_paper.Generator)}].");
    private readonly Option<int?> _rank = new("--rank") { Description = $"llm4msr with --generator low-rank: size of the generated core [default: {DefaultRank}]." };
    private readonly Option<int?> _components = new("--components") { Description = $"llm4msr, knowledge-field: principal components of users' vectors; 0 reads them as they are [default: {s_fusion.Components}; paper: 0]." };
    private readonly Option<Alphas?> _alpha = Spelling.MaybeOption<Alphas>("--alpha", "llm4msr: one share of the parallel level for all scenarios, or one for each [default: one].");

    public IEnumerable<Option> All =>
    [
        _backbone, _enhancement, _embedding, _hidden, _experts, _specificExperts, _sharedExperts, _scenarioOrder, _stopGradient,
        _metaLayers, _userLevel, _scenarioLevel, _scenarioInput, _generator, _rank, _components, _alpha,
    ];

    /// <param name="basis">Has the values of the options that are not given.</param>
    /// <param name="paper">Whether the preset is the paper's.</param>
    public ModelOptions Read(ParseResult parsed, ModelOptions basis, bool paper, IReadOnlyList<Scenario> scenarios)
    {
        var backbone = IsGiven(parsed, _backbone) ? parsed.GetValue(_backbone).Value : basis.Backbone;
        var enhancement = IsGiven(parsed, _enhancement) ? parsed.GetValue(_enhancement).Value : basis.Enhancement;
        AtLeast.Check(0, ("--components", parsed.GetValue(_components) ?? 0));
        CheckThatEachIsRead(parsed, basis with { Backbone = backbone, Enhancement = enhancement });
        var fusion = (enhancement == basis.Enhancement ? basis.Fusion : null) ?? (paper ? s_paper : s_fusion);
        return basis with
        {
            Backbone = backbone,
            Enhancement = enhancement,
            EmbeddingSize = IsGiven(parsed, _embedding) ? parsed.GetValue(_embedding) : basis.EmbeddingSize,
            HiddenWidths = IsGiven(parsed, _hidden) ? Widths(parsed.GetValue(_hidden)!) : basis.HiddenWidths,
            Experts = basis.Experts with
            {
                Count = parsed.GetValue(_experts) ?? basis.Experts.Count,
                Specific = parsed.GetValue(_specificExperts) ?? basis.Experts.Specific,
                Shared = parsed.GetValue(_sharedExperts) ?? basis.Experts.Shared,
            },
            Transfer = basis.Transfer with
            {
                ScenarioOrder = backbone != BackboneKind.Aitm ? null
                    : parsed.GetValue(_scenarioOrder) is null && basis.Transfer.ScenarioOrder is { } order ? order
                    : Order(parsed.GetValue(_scenarioOrder), scenarios),
                StopGradient = IsGiven(parsed, _stopGradient) ? parsed.GetValue(_stopGradient) : basis.Transfer.StopGradient,
            },
            Fusion = enhancement switch
            {
                EnhancementKind.Llm4msr => Fusion(parsed, fusion),
                EnhancementKind.KnowledgeField => FusionOptions.Field() with { Components = Components(parsed, fusion) },
                _ => enhancement == basis.Enhancement ? basis.Fusion : null,
            },
        };
    }

    /// <summary>Backbone and enhancement as a configuration, where they are given: other values depend on them.</summary>
    public IEnumerable<JsonObject> Kinds(ParseResult parsed)
    {
        if (IsGiven(parsed, _backbone))
            yield return Config.Assign("model.backbone", Spelling.Of(parsed.GetValue(_backbone).Value));
        if (IsGiven(parsed, _enhancement))
            yield return Config.Assign("model.enhancement", Spelling.Of(parsed.GetValue(_enhancement).Value));
    }

    /// <summary>As a configuration, what else of a finished model decides which values are read: where levels stand, and of how many layers.</summary>
    public static IEnumerable<JsonObject> Levels(ModelOptions model) => model is not { Enhancement: EnhancementKind.Llm4msr, Fusion: { } fusion } ? [] :
    [
        Config.Assign("model.fusion.layers", fusion.Layers.ToString(CultureInfo.InvariantCulture)),
        Config.Assign("model.fusion.userLevel", Spelling.Of(fusion.UserLevel)),
        Config.Assign("model.fusion.scenarioLevel", Spelling.Of(fusion.ScenarioLevel)),
    ];

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>What is worth saying before training begins.</summary>
    public static IEnumerable<string> Remarks(ModelOptions options, IReadOnlyList<Scenario> scenarios)
    {
        if (options.Transfer.ScenarioOrder is { } order)
            yield return $"Transfer order: {string.Join(" > ", order.Select(s => scenarios[s].Name))}.";
        if (options.Fusion is { Generator: GeneratorKind.LowRank } fusion)
            yield return $"Generator low-rank with cores of {fusion.Rank}: a deviation from the paper, whose generator makes whole weights.";
    }

    private void CheckThatEachIsRead(ParseResult parsed, ModelOptions model)
    {
        (Option Option, string Key)[] keys =
        [
            (_experts, "model.experts.count"), (_specificExperts, "model.experts.specific"), (_sharedExperts, "model.experts.shared"),
            (_scenarioOrder, "model.transfer.scenarioOrder"), (_stopGradient, "model.transfer.stopGradient"),
            (_metaLayers, "model.fusion.layers"), (_userLevel, "model.fusion.userLevel"), (_scenarioLevel, "model.fusion.scenarioLevel"),
            (_scenarioInput, "model.fusion.scenarioInput"), (_generator, "model.fusion.rank"), (_rank, "model.fusion.rank"),
            (_alpha, "model.fusion.alphaPerScenario"), (_components, "model.fusion.components"),
        ];
        foreach (var (option, key) in keys.Where(k => IsGiven(parsed, k.Option)))
        {
            if (KeyReaders.Missing(key, model) is { } needed)
                throw IsIdle(option, needed);
        }
        if (IsGiven(parsed, _rank) && parsed.GetValue(_generator) != GeneratorKind.LowRank)
            throw IsIdle(_rank, "--generator low-rank");

        static Llm4MsrException IsIdle(Option option, string needed) =>
            new(FaultKind.Usage, $"{option.Name} belongs to {needed}, and nothing else reads it. Leave it out, or say {needed}.");
    }

    private FusionOptions Fusion(ParseResult parsed, FusionOptions preset)
    {
        var options = preset with
        {
            Layers = parsed.GetValue(_metaLayers) ?? preset.Layers,
            UserLevel = parsed.GetValue(_userLevel) ?? preset.UserLevel,
            ScenarioLevel = parsed.GetValue(_scenarioLevel) ?? preset.ScenarioLevel,
            ScenarioInput = parsed.GetValue(_scenarioInput) ?? preset.ScenarioInput,
            AlphaPerScenario = parsed.GetValue(_alpha) is { } alpha ? alpha == Alphas.PerScenario : preset.AlphaPerScenario,
            Rank = parsed.GetValue(_generator) is { } generator ? generator == GeneratorKind.LowRank ? parsed.GetValue(_rank) ?? DefaultRank : null : preset.Rank,
        };
        if (options.UserLevel == FusionPlacement.None && options.ScenarioLevel == FusionPlacement.None)
            throw new Llm4MsrException(FaultKind.Usage, "--user-level none with --scenario-level none leaves the backbone alone. Say --enhancement none, or give one level a place.");
        if (parsed.GetValue(_alpha) is not null && options.UserLevel != FusionPlacement.Parallel && options.ScenarioLevel != FusionPlacement.Parallel)
            throw new Llm4MsrException(FaultKind.Usage, "--alpha is the share of a level in parallel, and none is. Leave it out, or say --scenario-level parallel.");
        if (options.ScenarioInput == ScenarioInput.UserMeta && (options.UserLevel != FusionPlacement.Bottom || options.ScenarioLevel != FusionPlacement.Parallel))
            throw new Llm4MsrException(FaultKind.Usage, "--scenario-input user-meta hands what users' layers at the bottom make to scenarios' layers in parallel. Say --user-level bottom and --scenario-level parallel, or leave it out.");
        return options with { Components = FusedComponents(parsed, preset, options.UserLevel) };
    }

    private int? FusedComponents(ParseResult parsed, FusionOptions preset, FusionPlacement userLevel)
    {
        var (generator, asked) = (parsed.GetValue(_generator), parsed.GetValue(_components));
        if (userLevel == FusionPlacement.None)
        {
            return asked is null or 0 && generator != GeneratorKind.Projected ? null : throw new Llm4MsrException(FaultKind.Usage,
                "--user-level none reads no user's vector, so there is nothing to project. Leave out --components and --generator projected.");
        }
        return (generator, asked) switch
        {
            (GeneratorKind.Full, > 0) => throw new Llm4MsrException(FaultKind.Usage,
                $"--generator full reads whole vectors, --components {asked} projects them. Leave out --components, or say --generator projected."),
            (GeneratorKind.Projected, 0) => throw new Llm4MsrException(FaultKind.Usage,
                "--generator projected needs principal components, --components 0 takes none. Leave out --components, or say --generator full."),
            (GeneratorKind.Full, _) => null,
            (GeneratorKind.Projected, null) => preset.Components ?? s_fusion.Components,
            _ => Components(parsed, preset),
        };
    }

    private int? Components(ParseResult parsed, FusionOptions preset) => parsed.GetValue(_components) switch
    {
        null => preset.Components,
        0 => null,
        var asked => asked,
    };

    private static int[] Widths(string text)
    {
        var widths = text.Split(',').Select(w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var width) ? width : 0).ToArray();
        return widths.All(w => w > 0)
            ? widths
            : throw new Llm4MsrException(FaultKind.Usage, $"--hidden is '{text}', expected widths like 64,32,16.");
    }

    /// <summary>A name is taken as a name even where it is also a number.</summary>
    private static int[] Order(string? text, IReadOnlyList<Scenario> scenarios)
    {
        if (text is null)
            return [.. Enumerable.Range(0, scenarios.Count)];
        var names = scenarios.Select(s => s.Name).ToList();
        var order = text.Split(',', StringSplitOptions.TrimEntries).Select(entry =>
            names.Contains(entry) ? names.IndexOf(entry)
            : int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < names.Count ? index
            : throw new Llm4MsrException(FaultKind.Usage, $"--scenario-order names '{entry}', which is no scenario. Known: {string.Join(", ", names)}, or 0 to {names.Count - 1}.{Nearest.Hint(entry, names)}")).ToArray();
        return order.Order().SequenceEqual(Enumerable.Range(0, names.Count))
            ? order
            : throw new Llm4MsrException(FaultKind.Usage, $"--scenario-order is '{text}', expected each scenario once: {string.Join(", ", names)}.");
    }
}
