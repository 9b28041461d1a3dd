using Llm4Msr.Knowledge;
using Llm4Msr.Models;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What of the paper can be made again: <see cref="Table1"/> from the data, <see cref="Table3"/> by a clock, <see cref="Figure5"/> from a store, the rest from runs.</summary>
internal enum Reproduced
{
    Table1,
    Table2,
    Table3,
    Figure3,
    Figure4,
    Figure5,
    Plm,

    /// <summary>Each of the others whose inputs are there.</summary>
    All,
}

/// <summary>What was made again: for programs as <paramref name="Model"/>, for people as <paramref name="Print"/>.</summary>
/// <param name="HasRuns">Whether it tells of run folders.</param>
internal sealed record ReproducedPart(Reproduced What, object Model, Action<IAnsiConsole> Print, bool HasRuns = false);

/// <summary>An arm, and what it is compared with.</summary>
/// <param name="Baseline">Name of another arm; null for none.</param>
/// <param name="Paper">What the paper says of it; empty where it gives no number.</param>
internal sealed record ReproducedArm(Arm Arm, string? Baseline, string Paper = "");

/// <summary>The arms of a table or figure.</summary>
/// <param name="PaperSays">Its finding in words.</param>
internal sealed record ReproducedPlan(IReadOnlyList<ReproducedArm> Arms, string PaperSays)
{
    private const string Backbone = "model.backbone", Enhancement = "model.enhancement", UserLevel = "model.fusion.userLevel",
        ScenarioLevel = "model.fusion.scenarioLevel", Components = "model.fusion.components", Layers = "model.fusion.layers", Knowledge = "knowledge",
        Fused = "llm4msr", Plain = "none", Bottom = "bottom", Parallel = "parallel";

    private const int MostLayers = 4;

    /// <summary>Of an arm whose model reads scenarios' knowledge alone.</summary>
    public static IReadOnlyList<(string Key, string Value)> WithoutUserLevel { get; } = [(UserLevel, Plain), (Components, "null")]; // which only users' vectors have

    /// <param name="stores">Knowledge stores; more than one for the T of figure 4 alone.</param>
    /// <param name="textEncoder">The store of a text encoder, for the contrast of language models alone.</param>
    public static ReproducedPlan Of(Reproduced what, IReadOnlyList<string> stores, string? textEncoder)
    {
        RequireStores(what, stores, textEncoder);
        return what switch
        {
            Reproduced.Table2 => Table2(),
            Reproduced.Table3 => Table3(),
            Reproduced.Figure3 => Figure3(),
            Reproduced.Figure4 => Figure4(stores),
            Reproduced.Plm => Plm(stores[0], textEncoder!),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
    }

    /// <summary>Refuses stores that are too few, or that nothing reads.</summary>
    public static void RequireStores(Reproduced what, IReadOnlyList<string> stores, string? textEncoder)
    {
        if (stores.Count != 1 && (what != Reproduced.Figure4 || stores.Count == 0))
            throw new Llm4MsrException(FaultKind.Usage, $"{Spelling.Of(what)} takes one --knowledge, and {stores.Count} are given. Only figure4 compares several.");
        if (textEncoder is null && what == Reproduced.Plm)
            throw new Llm4MsrException(FaultKind.Usage, "plm needs --text-encoder STORE.db, knowledge of the same data from a text encoder ('llm4msr knowledge encode').");
    }

    private static ReproducedPlan Table2() => new(
        [
            .. from backbone in PaperNumbers.Backbones
               from enhancement in PaperNumbers.Enhancements
               let name = Spelling.Of(backbone)
               let isPlain = enhancement == EnhancementKind.None
               select new ReproducedArm(
                   Arm.Of(isPlain ? name : $"{name} + {Spelling.Of(enhancement)}", (Backbone, name), (Enhancement, Spelling.Of(enhancement))), isPlain ? null : name,
                   isPlain ? "" : string.Join(' ', PaperNumbers.Gains(backbone, enhancement).Select(g => Numbers.WithSign(g.Gain)))),
        ],
        "Paper's table 2, last column: gain in mean AUC on KuaiSAR-small, KuaiSAR and Amazon. LLM4MSR is ahead of its backbone in every scenario, with p < 0.05.");

    private static ReproducedPlan Table3() => new(
        [.. PaperNumbers.Enhancements.Select(e => new ReproducedArm(Arm.Of(Spelling.Of(e), (Enhancement, Spelling.Of(e))), e == EnhancementKind.None ? null : Plain))], "");

    private static ReproducedPlan Figure3() => new(
        [
            new(Arm.Of(Plain, (Enhancement, Plain)), null),
            Placed("user-bottom", Bottom, Plain),
            Placed("user-parallel", Parallel, Plain),
            Placed("scenario-bottom", Plain, Bottom),
            Placed("scenario-parallel", Plain, Parallel),
            new(Arm.Of("full", (Enhancement, Fused)), Plain),
            new(Arm.Of("random vectors", (Enhancement, Fused), ("arm", Spelling.Of(KnowledgeArm.Random))), Plain),
        ],
        "Paper's figure 3, with STAR: the full model is best, user-bottom is better than user-parallel and scenario-parallel than scenario-bottom; random vectors gain nothing.");

    private static ReproducedArm Placed(string name, string user, string scenario) => new(
        user == Plain
            ? Arm.Of(name, [(Enhancement, Fused), (ScenarioLevel, scenario), .. WithoutUserLevel])
            : Arm.Of(name, (Enhancement, Fused), (UserLevel, user), (ScenarioLevel, scenario)),
        Plain);

    private static ReproducedPlan Figure4(IReadOnlyList<string> stores) => new(
        [
            new(Arm.Of(Plain, (Enhancement, Plain)), null),
            .. Enumerable.Range(1, MostLayers).Select(k => new ReproducedArm(
                Arm.Of($"K = {k}", (Enhancement, Fused), (Knowledge, stores[0]), (Layers, $"{k}")), Plain)),
            .. stores.Count < 2 ? [] : stores.Select(store => new ReproducedArm(Arm.Of($"{History(Fingerprint(store))}, {store}", (Enhancement, Fused), (Knowledge, store)), Plain)),
        ],
        "Paper's figure 4, with STAR on KuaiSAR-small: AUC rises with T until the model's context is full, and K = 2 is best.");

    private static ReproducedPlan Plm(string store, string textEncoder) => new(
        [
            new(Arm.Of(Plain, (Enhancement, Plain)), null),
            new(Arm.Of("text encoder", (Enhancement, Fused), (Knowledge, textEncoder)), Plain),
            new(Arm.Of("language model", (Enhancement, Fused), (Knowledge, store)), Plain),
            new(Arm.Of("language model less encoder", (Enhancement, Fused), (Knowledge, store)), "text encoder"), // the same run, against the other
            new(Arm.Of("language model, as field", (Enhancement, Spelling.Of(EnhancementKind.KnowledgeField)), (Knowledge, store)), Plain),
        ],
        "The paper holds that a text encoder only represents what is known, where a language model infers (section 3), and gives no number of one.");

    /// <summary>The T of a store; an import does not say its own.</summary>
    public static string History(KnowledgeFingerprint fingerprint) => fingerprint.HistoryLength == 0 ? "T not known" : $"T = {fingerprint.HistoryLength}";

    public static KnowledgeFingerprint Fingerprint(string store)
    {
        using var open = KnowledgeStore.OpenForReading(store);
        return open.Fingerprint;
    }
}
