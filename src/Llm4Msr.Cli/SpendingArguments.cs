using System.CommandLine;
using Llm4Msr.Language;
using Llm4Msr.Language.Servers;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning;

namespace Llm4Msr.Cli;

/// <summary>The options that say what a run may spend, and by which prices.</summary>
internal sealed class SpendingArguments
{
    private readonly Option<long?> _tokens = new("--max-tokens-total") { Description = "Stop before this run has read and generated more tokens.", HelpName = "TOKENS" };
    private readonly Option<decimal?> _cost = new("--max-cost") { Description = "Stop before this run has cost more; needs --prices.", HelpName = "AMOUNT" };
    private readonly Option<string?> _prices = new("--prices") { Description = """Price list, {"currency":"USD","models":{"NAME":{"prompt":0.15,"new":0.6}}}, per million tokens.""", HelpName = "FILE" };

    public IEnumerable<Option> Options => [_tokens, _cost, _prices];

    public SpendingSettings Read(ParseResult parsed)
    {
        var (tokens, cost, file) = (parsed.GetValue(_tokens), parsed.GetValue(_cost), parsed.GetValue(_prices));
        if (cost is not null && file is null)
            throw new Llm4MsrException(FaultKind.Usage, "--max-cost needs a price list (--prices FILE).");
        AboveZero.Check(("--max-tokens-total", tokens), ("--max-cost", (double?)cost));
        return new SpendingSettings(tokens, cost, file is null ? null : PriceList.Load(file));
    }
}

/// <summary>What a run may spend, before it is known on which model.</summary>
internal sealed record SpendingSettings(long? Tokens, decimal? Cost, PriceList? List)
{
    /// <exception cref="Llm4MsrException">The list does not have the model (<see cref="FaultKind.Usage"/>).</exception>
    public ModelPrices? PricesOf(ILanguageModel model) => model is ServerLanguageModel server
        ? List?.For(server.TextModel, server.StateModel)
        : List?.For(model.Identity.Name, model.Identity.Name);

    public SpendingLimit? LimitOf(ILanguageModel model)
    {
        var prices = PricesOf(model);
        return Tokens is null && Cost is null ? null : new SpendingLimit(Tokens, Cost, prices);
    }
}
