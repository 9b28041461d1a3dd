using System.CommandLine;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;
using TorchSharp;

namespace Llm4Msr.Cli.Grids;

/// <summary>The options that say how long a store took, which it does not say itself: it keeps tokens.</summary>
internal sealed class LanguageModelHours
{
    private readonly Option<double?> _hours = new("--hours") { Description = "How long reasoning the whole store took, as 'reason' or 'knowledge plan' said.", HelpName = "H" };
    private readonly Option<string?> _model = new("--model") { Description = "The language model that made the store: some of its prompts are asked again to take the time.", HelpName = "FILE" };
    private readonly Option<string?> _template = PromptDefaults.TemplateOption();

    public IEnumerable<Option> All => [_hours, _model, _template];

    /// <returns>Hours of the whole store, null where nobody says them; and where they come from, in words.</returns>
    public (double? Hours, string From) Read(Cli cli, ParseResult parsed, InteractionDataset data, KnowledgeStore store)
    {
        if (parsed.GetValue(_hours) is { } said)
        {
            AboveZero.Check(("--hours", said));
            return parsed.GetValue(_model) is null
                ? (said, "said for the whole store (--hours), divided by the tokens that it recorded")
                : throw new Llm4MsrException(FaultKind.Usage, "--hours says the time, and --model is for taking it. Leave one of them out.");
        }
        if (parsed.GetValue(_model) is not { } path)
            return (null, "not known: the store records tokens and no time. --hours says it, --model takes it");
        torch.set_num_threads(1); // a core for each worker
        using var model = LanguageModel.Load(path, new LoadOptions());
        var seconds = StoredWork.SecondsOf(store, data, model, PromptDefaults.Template(parsed.GetValue(_template)), cli.Cancellation);
        return (seconds / 3600, "predicted from the tokens that the store recorded, by asking some of its prompts again on this machine (--model)");
    }
}
