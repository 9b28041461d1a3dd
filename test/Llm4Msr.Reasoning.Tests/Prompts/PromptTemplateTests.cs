using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Prompts;

namespace Llm4Msr.Reasoning.Tests.Prompts;

public class PromptTemplateTests
{
    [Fact]
    public void WhatFillsABlankIsNeverReadAsABlankAgain()
    {
        var filled = PromptTemplate.BuiltIn.Fill("item", ("title", "{category} {history}"), ("category", "novel"));

        Assert.Equal("{category} {history} [novel]", filled);
    }

    [Fact]
    public void AnyChangeOfWordingChangesTheHash()
    {
        var changed = PromptTemplate.Parse(PromptTemplate.BuiltIn.Text.Replace("explicitly", "briefly", StringComparison.Ordinal), "mine");

        Assert.NotEqual(PromptTemplate.BuiltIn.Hash, changed.Hash);
    }

    [Theory]
    [InlineData("[item]\n{titel}", "mine, line 2: the section 'item' has no blank '{titel}'. Blanks: title, category.")]
    [InlineData("# x\n[itme]\n", "mine, line 2: there is no section 'itme'. Sections: answer, history, history.none, item, scenario, user, user.one-sided, notes.SCENARIO.")]
    [InlineData("[item]\na\n[item]\nb", "mine, line 3: the section 'item' stands here a second time.")]
    [InlineData("hello\n[item]\na", "mine, line 1: text before the first section.")]
    [InlineData("[item]\na", "mine: the section '[history]' is missing. 'llm4msr prompts template' prints a whole template.")]
    public void AWrongTemplateIsRefusedWithItsLine(string text, string message)
    {
        var error = Assert.Throws<Llm4MsrException>(() => PromptTemplate.Parse(text, "mine"));

        Assert.Equal((FaultKind.BadInput, message), (error.Kind, error.Message));
    }
}
