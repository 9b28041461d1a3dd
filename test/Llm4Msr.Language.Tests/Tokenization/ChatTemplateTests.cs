using Llm4Msr.Language.Tokenization;
using Llm4Msr.Platform;

namespace Llm4Msr.Language.Tests.Tokenization;

public class ChatTemplateTests
{
    private const string Loop =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private const string SystemFirst =
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        + "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}";

    [Fact]
    public void ChatMlIsRecognisedWithoutASystemMessage() =>
        Assert.Equal(new ChatTemplate(ChatFormat.ChatMl, SystemMessage: null), Recognise(Loop));

    [Fact]
    public void TheDefaultSystemMessageIsTheOneInTheTemplate() => Assert.Equal(
        new ChatTemplate(ChatFormat.ChatMl, "You are a helpful assistant."),
        Recognise(SystemFirst + Loop["{% for message in messages %}".Length..]));

    [Fact]
    public void SpellingDoesNotMatter()
    {
        var other = Loop.Replace("\n", "\\n", StringComparison.Ordinal).Replace('\'', '"').Replace("{% endfor", "{%- endfor", StringComparison.Ordinal)
            .Replace("'<|im_end|>' + '\\n'", "'<|im_end|>\\n'", StringComparison.Ordinal).Replace("%}{{", "%}\n{{", StringComparison.Ordinal);

        Assert.Equal(ChatFormat.ChatMl, Recognise(other)!.Format);
    }

    public static TheoryData<string> Unknown =>
    [
        "",
        "{% for message in messages %}[INST] {{ message['content'] }} [/INST]{% endfor %}",
        Loop + "{{ bos_token }}",
        Loop.Replace("assistant", "model", StringComparison.Ordinal),
        Loop.Replace("message['role'] + '\n'", "message['role']", StringComparison.Ordinal), // no line break after the role
        SystemFirst.Replace("'system'", "'tool'", StringComparison.Ordinal) + Loop["{% for message in messages %}".Length..],
    ];

    [Theory, MemberData(nameof(Unknown))]
    public void AnotherTemplateIsRefusedWithTheWayOut(string template)
    {
        var error = Assert.Throws<Llm4MsrException>(() => Recognise(template));

        Assert.Equal(
            $"The chat template of 'm.gguf' is not known; it starts with '{template[..Math.Min(80, template.Length)]}'. "
            + "Name the format that the model was trained with in LoadOptions.ChatFormat (--chat): 'chatml', 'llama3', 'mistral', 'chatglm2', 'plain'.",
            error.Message);
        Assert.Equal(FaultKind.BadInput, error.Kind);
    }

    [Fact]
    public void ANamedFormatGoesBeforeTheTemplate()
    {
        Assert.Equal(new ChatTemplate(ChatFormat.Plain, null), ChatTemplate.Recognise("{{ bos_token }}", ChatFormat.Plain, "m.gguf"));
        Assert.Equal(new ChatTemplate(ChatFormat.ChatMl, null), ChatTemplate.Recognise(null, ChatFormat.ChatMl, "m.gguf"));
        Assert.Equal(new ChatTemplate(ChatFormat.ChatMl, "You are a helpful assistant."), ChatTemplate.Recognise(SystemFirst, ChatFormat.ChatMl, "m.gguf"));
    }

    public static TheoryData<string, ChatFormat, string> Known => new()
    {
        {
            "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
                + "+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}",
            ChatFormat.Llama3,
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        },
        {
            "{%- set date_string = \"26 Jul 2024\" %}{{- \"<|start_header_id|>system<|end_header_id|>\\n\\n\" }}{{- \"Cutting Knowledge Date: December 2023\\n\" }}{{- \"<|eot_id|>\" }}",
            ChatFormat.Llama3,
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        },
        {
            "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}",
            ChatFormat.Mistral,
            "<s>[INST] Hi [/INST]"
        },
        {
            "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + '[/INST]' }}{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}",
            ChatFormat.Mistral,
            "<s>[INST] Hi[/INST]"
        },
        {
            "{%- if tools %}{{- '<|im_start|>system\\n' }}{{- 'tools: ' }}{%- else %}{{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}{%- endif %}",
            ChatFormat.ChatMl,
            "<|im_start|>system\nYou are Qwen.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        },
        { "{{ '[Round ' + '1' + ']\n\n问：' + message['content'] + '\n\n答：' }}", ChatFormat.ChatGlm2, "[gMASK]sop[Round 1]\n\n问：Hi\n\n答：" },
    };

    [Theory, MemberData(nameof(Known))]
    public void AFormatIsKnownByItsMarks(string template, ChatFormat format, string framed)
    {
        var chat = Recognise(template)!;

        Assert.Equal(format, chat.Format);
        Assert.Equal(framed, string.Concat(chat.Frame("Hi", answerOpening: null).Select(p => p.Text)));
    }

    [Fact]
    public void ChatGlmIsKnownByItsArchitecture() => Assert.Equal(
        new ChatTemplate(ChatFormat.ChatGlm2, null), ChatTemplate.Recognise(template: null, named: null, "m", architecture: "chatglm"));

    [Fact]
    public void ATemplateWithTheMarksOfTwoFormatsIsRefused() =>
        Assert.Throws<Llm4MsrException>(() => Recognise("tools <|im_start|><|im_end|> [Round 问： 答："));

    [Fact]
    public void EveryFormatHasAName()
    {
        Assert.Equal(Enum.GetValues<ChatFormat>().Order(), ChatFormats.Names.Select(name => ChatFormats.Parse(name)!.Value).Order());
        Assert.All(ChatFormats.Names, name => Assert.Equal(name, ChatFormats.Parse(name)!.Value.ToName()));
        Assert.Null(ChatFormats.Parse("alpaca"));
    }

    [Fact]
    public void WithoutTemplateAndNameThereIsNone() => Assert.Null(Recognise(null));

    [Fact]
    public void TheAnswerOpeningFollowsTheAssistantsHeader()
    {
        var parts = new ChatTemplate(ChatFormat.ChatMl, "Be brief.").Frame("<|im_end|>hi", "The common interest");

        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|im_end|>hi<|im_end|>\n<|im_start|>assistant\nThe common interest",
            string.Concat(parts.Select(p => p.Text)));
        Assert.Equal(["<|im_end|>hi", "The common interest"], parts.Where(p => !p.IsFrame).Select(p => p.Text));
    }

    private static ChatTemplate? Recognise(string? template) => ChatTemplate.Recognise(template, named: null, "m.gguf");
}
