using System.CommandLine;
using Llm4Msr.Cli.Configuration;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr config</c>: what a configuration may hold, and what one comes to.</summary>
internal static class ConfigVerb
{
    public static Command Create(Cli cli) => new Verb("config", "Configurations of trainings: schema, show.",
        "llm4msr config show") { Schema(cli), Show(cli) };

    private static Verb Schema(Cli cli)
    {
        var verb = new Verb("schema", "The JSON schema of a configuration, for editors.", "llm4msr config schema > llm4msr.schema.json");
        verb.SetAction(_ => cli.Terminal.Result(Config.SchemaNode(), console => console.WriteLine(Config.SchemaNode().ToJsonString(Config.Json))));
        return verb;
    }

    private static Verb Show(Cli cli)
    {
        var config = new ConfigArguments();
        var verb = new Verb("show", "A configuration with every value that it comes to and that its model reads; without options, the defaults. What the data decide is left to them.",
            "llm4msr config show --set preset=paper --set model.enhancement=llm4msr", "llm4msr config show --config base.json > resolved.json");
        foreach (var option in config.All)
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            var resolved = Config.Shown(config.Read(parsed));
            cli.Terminal.Result(resolved, console => console.WriteLine(resolved.ToJsonString(Config.Json)));
        });
        return verb;
    }
}
