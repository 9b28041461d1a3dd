using System.CommandLine;

namespace Llm4Msr.Cli.Tests;

public sealed class HelpTests
{
    public static TheoryData<string> Names => [.. AllOf(Root()).Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryCommandsHelpShowsExamplesThatTheCommandLineUnderstands(string name)
    {
        var verb = AllOf(Root()).Single(c => c.Name == name).Command;

        var help = CommandRun.Succeeding([.. name.Split(' '), "--help"]);

        var shown = help.Output.Split('\n').SkipWhile(l => l is not ("Example:" or "Examples:")).Skip(1).Select(l => l.Trim()).Where(l => l.Length > 0).ToList();
        Assert.Equal(Assert.IsType<Verb>(verb).Examples, shown);
        Assert.NotEmpty(shown);
        Assert.Contains($"Usage:\n  llm4msr {name}", help.Output, StringComparison.Ordinal);
        Assert.Empty(help.Errors);
        Assert.All(shown, example =>
        {
            var arguments = Words(example);
            Assert.Equal("llm4msr", arguments[0]);
            var parsed = Root().Parse(arguments[1..]);
            Assert.Empty(UsageProblems.Of(parsed));
            Assert.StartsWith(name, string.Join(' ', arguments[1..]), StringComparison.Ordinal);
            Assert.Empty(parsed.CommandResult.Command.Subcommands); // it does something
        });
    }

    [Fact]
    public void HelpNamesTheProgramAsItIsTypedAndDefaultsAsTheyAreTyped()
    {
        var root = CommandRun.Succeeding("--help").Output;
        var train = CommandRun.Succeeding("train", "--help").Output;

        Assert.Contains("Usage:\n  llm4msr [command] [options]", root, StringComparison.Ordinal);
        Assert.Contains("  130  stopped as asked: run again to go on\n", root, StringComparison.Ordinal);
        Assert.Contains("--backbone <shared-bottom|star|omoe|mmoe|ple|aitm>", train, StringComparison.Ordinal);
        Assert.Contains("[default: star]", train, StringComparison.Ordinal);
        Assert.Contains("[default: 0.00003; paper: as the rest]", train, StringComparison.Ordinal);
        Assert.Contains("[default: past-only]", CommandRun.Succeeding("reason", "--help").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no command 'trian'. Did you mean 'train'?", "llm4msr", "trian", "folder")]
    [InlineData("There is no command 'list'.", "llm4msr knowledge", "knowledge", "list")]
    [InlineData("A command is missing: one of show, template.", "llm4msr prompts", "prompts")]
    [InlineData("A command is missing: one of quickstart, data, prepare, prompts, reason, llm, knowledge, backbones, config, train, sweep, controls, protocols, value, onboard, seesaw, reproduce, evaluate, compare, predict, explain, audit, report, doctor.", "llm4msr")]
    [InlineData("There is no option '--bakcbone'. Did you mean '--backbone'?", "llm4msr train", "train", "--bakcbone", "star", "--out", "run")]
    [InlineData("There is no option '--bakcbone'. Did you mean '--backbone'?", "llm4msr train", "train", "data", "--bakcbone=star", "--out", "run")]
    [InlineData("There is no option '--jsno'. Did you mean '--json'?", "llm4msr evaluate", "evaluate", "--jsno")]
    [InlineData("There is no option '--colour'.", "llm4msr doctor", "doctor", "--colour")]
    [InlineData("There is no option '-seeds'. Did you mean '--seeds'?", "llm4msr train", "train", "data", "-seeds", "3", "--out", "run")]
    [InlineData("--backbone is 'sta', expected one of: shared-bottom, star, omoe, mmoe, ple, aitm. Did you mean 'star'?", "llm4msr train", "train", "data", "--out", "run", "--backbone", "sta")]
    [InlineData("--part is 'unused', expected one of: training, validation, test.", "llm4msr evaluate", "evaluate", "run", "--part", "unused")]
    [InlineData("--seeds is 'three', expected a whole number.", "llm4msr train", "train", "data", "--out", "run", "--seeds", "three")]
    [InlineData("--learning-rate is 'fast', expected a number like 0.001.", "llm4msr train", "train", "data", "--out", "run", "--learning-rate", "fast")]
    [InlineData("Option '--out' is required.", "llm4msr train", "train", "data")]
    [InlineData("'more' is one word too many.", "llm4msr evaluate", "evaluate", "run", "more")]
    public void WrongUsageIsNamedWithWhatWasProbablyMeant(string problem, string command, params string[] args)
    {
        var run = CommandRun.Of(args);

        Assert.Equal($"error: {problem}\n'{command} --help' shows what there is.\n", run.Errors);
        Assert.Equal(2, run.Code);
        Assert.Empty(run.Output);
    }

    private static RootCommand Root() => CommandLine.Root(new Cli(new Terminal(), CancellationToken.None));

    private static IEnumerable<(string Name, Command Command)> AllOf(Command parent) => parent.Subcommands.SelectMany(command =>
        AllOf(command).Select(inner => ($"{command.Name} {inner.Name}", inner.Command)).Prepend((command.Name, command)));

    /// <summary>As a shell splits a line: spaces, double quotes, and what is sent elsewhere left out.</summary>
    private static string[] Words(string line) =>
        [.. line.Split(" > ")[0].Split('"').SelectMany((piece, k) => k % 2 == 1 ? [piece] : piece.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
}
